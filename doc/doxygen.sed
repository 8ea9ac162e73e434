# Doxygen's input filter: the headers' comments have fixed slots and no markup but @param; this makes commands and lists of them.
# From the first empty line on each stays where it is, so that a warning names the right one. The hold space has the line before.

# The file's comment
1s,^/\* [a-z/.]+: ,/** \\file\n * ,
1,/^$/{
	/^$/d
}

s/ @types/ \\@types/g

# What stands behind a member, or a constant
/^(\t|#define|extern)/s,([^ \t]) +/\* ,\1 /**< ,

# Returns, and cases, a line each, with two spaces behind the name; Thread: … Cost: … Source: … Since: …
/^[ \t]*(\*|\/\*\*) /{
	/^ \*     /!s,<([a-z/]+\.h(pp)?)>,\\<\1\\>,g
	s/__attribute__\(\([a-z]+(\([^)]*\))?\)\)/`&`/g
	s/^([ \t/]*\*+ )Returns( |$)/\1\\return\2/
	s/([.;] )Returns /\1\\return /
	s/(^[ \t/]*\*+ |[.:;)] )(Thread|Cost|Source|Since): /\1\\slot{\2} /g
	s/^ \*   (E[A-Z0-9]+|[^ ].*[^ ] |[^ ] ) +([^ ].*)/ * - \1: \2/
	s/^( \* - [^:]*) :/\1:/
}

# A macro that has no comment is nobody's: out with all its lines
/^#define/{
	/\/\*\*</b done
	G
	/\n(\/\*\*| \*)([^\n]*\*)?\/$/{
		s/\n.*//
		b done
	}
	s,(.*)\n[^\n]*(segue_names);$,/** \\copydoc \2 */ \1,
	t done
	s/\n[^\n]*$//
	:more
	/\\$/{
		N
		b more
	}
	s/[^\n]+//g
}

# A function that follows another is described there
/^[a-z].*;$/{
	G
	s/(.*)\n[a-z][^(]*[ *](segue_[a-z_]+)\(.*;$/\/** See \2(). *\/ \1/
	s/\n.*//
}

:done
/^#(if|else)/!{
	h
	x
	s/\n.*//
	x
}

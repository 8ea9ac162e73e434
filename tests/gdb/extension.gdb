# What is asked of the extension; lines that begin with == part the answers
echo == ps\n
segue ps
echo == tree\n
segue tree
echo == bt created\n
segue bt 1
echo == bt suspended\n
segue bt 2
echo == bt leaf\n
segue bt 3
echo == bt outer\n
segue bt 4
echo == bt ended\n
segue bt 5
echo == bt inlined\n
segue bt 6
echo == bt running\n
segue bt 7
echo == bt waiting\n
segue bt 8
echo == bt placed\n
segue bt 9
echo == frame\n
segue frame 2
echo == locals\n
info locals
echo == up\n
up
echo == backtrace there\n
backtrace
echo == back\n
segue frame
backtrace 1
echo == end\n

// Package inet reads link layers, tunnels, IP, UDP, TCP and ICMP as checked views: after a Parse without a refusal no method can panic.
//
// To add an encapsulation: 1 add its Tunnel word in types.go (if it is a tunnel); 2 write one method of Packet that cuts its header and
// calls the next; 3 add the case in network, transport or link; 4 add a frame to vector 21.
package inet

// Package smb reads the commands of the Messenger in SMB over TCP: SMB_COM_SEND_MESSAGE, the multi-block form and their relatives ([MS-MSRP]
// 2.2.3, 2.2.4). All integers are little-endian.
package smb

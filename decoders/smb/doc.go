// Package smb reads the commands of SMB that carry popups: SMB_COM_SEND_MESSAGE and its relatives over TCP, mailslots over UDP ([MS-MSRP] 2.2.3,
// 2.2.4). All integers are little-endian.
package smb

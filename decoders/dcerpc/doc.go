// Package dcerpc reads connectionless DCE-RPC: the header in both byte orders, and what answers carry.
package dcerpc

// Package capture reads frames from capture files: pcap and pcapng, plain or compressed, merged by packet time.
package capture

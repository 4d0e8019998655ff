// Package decoders turns frames into popups and signals: the chain of protocols with its bounded memory.
package decoders

// Package arch holds the shape of the program still: a test that says who may import whom (DESIGN.md 1).
package arch

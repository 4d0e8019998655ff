// Package event makes the documents that leave the house: one table of fields gives their JSON, their mapping and their reference page.
package event

// Package campaign says which popups are one mail-shot, and keeps count of each.
package campaign

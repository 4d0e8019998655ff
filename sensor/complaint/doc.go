// Package complaint reads what is sent to an abuse desk: lines of firewall and router logs, XARF reports, e-mails with either. It says what
// each line tells of an address, and what it cannot show. It accuses nobody and clears nobody.
//
// A line goes through the table of forms (forms.go); the first form that fits it makes a Sight of it. What no form fits is kept with its
// number, so that nobody is judged by lines that a program skipped. A Sight's Limits are the reasons why it is no proof.
//
// To add a form: a line in the table with an example; the test reads every example.
package complaint

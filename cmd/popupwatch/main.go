// Command popupwatch hears Windows Messenger popup spam and says who can be believed to have sent it.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// version is what `popupwatch version` and observer.version say.
const version = "0.1.0"

// Exit statuses (CONTRACT.md 1).
const (
	exitOK      = 0
	exitFailed  = 1
	exitUsage   = 2
	exitDamaged = 3
)

func main() {
	os.Exit(run(os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}))
}

// stdio is what a command reads and writes: data to out, words for people to err.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// exitError ends the command with a status. The error is printed if it is there.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string { return fmt.Sprint(e.err) }
func (e *exitError) Unwrap() error { return e.err }

// usageError is wrong usage or configuration: status 2.
func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// run carries out one command line and gives the exit status.
func run(args []string, io stdio) int {
	root := rootCommand(io)
	root.SetArgs(args)
	err := root.Execute()
	if err == nil {
		return exitOK
	}
	status := exitFailed
	var exit *exitError
	if errors.As(err, &exit) {
		status, err = exit.status, exit.err
	} else if unknownCommand(err) {
		status, err = exitUsage, fmt.Errorf("%w (see: popupwatch help)", err)
	}
	if err != nil {
		fmt.Fprintf(io.err, "popupwatch: %s\n", visible(err.Error()))
	}
	return status
}

// unknownCommand says whether cobra refused the words themselves: it has no type for that.
func unknownCommand(err error) bool {
	return strings.HasPrefix(err.Error(), "unknown command")
}

// rootCommand is the list of all commands.
func rootCommand(io stdio) *cobra.Command {
	root := &cobra.Command{
		Use:           "popupwatch",
		Short:         "Hears Windows Messenger popup spam and says who can be believed to have sent it",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(io.in)
	root.SetOut(io.out)
	root.SetErr(io.err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError("%w (see: %s --help)", err, c.CommandPath())
	})
	root.AddCommand(replayCommand(io), liveCommand(io), setupCommand(io), testCommand(io), queueCommand(io), rulesCommand(io), explainCommand(io), exonerateCommand(io), reportCommand(io), simulateCommand(io), exportCommand(io), campaignsCommand(io), consoleCommand(io), versionCommand(io), manCommand())
	root.SetHelpCommand(helpCommand(io))
	return root
}

func versionCommand(io stdio) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(io.out, "popupwatch "+version)
			return err
		},
	}
}

// noArguments refuses arguments as wrong usage.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError("%s takes no argument, but got %q", c.CommandPath(), args[0])
	}
	return nil
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"popupwatch/sensor/store"
)

// queueCommand looks after the queue of a store.
func queueCommand(io stdio) *cobra.Command {
	c := &cobra.Command{
		Use: "queue", Short: "Look at the delivery queue, empty it, see what was refused", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(queueStatsCommand(io), queueDrainCommand(io), queueDeadCommand(io))
	return c
}

// storeCommand makes a command that works on the store of the settings.
func storeCommand(use, short, long string, run func(*settings) error) *cobra.Command {
	s := newSettings(commandReplay)
	c := &cobra.Command{
		Use: use, Short: short, Long: long, Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if err := s.load(os.Environ()); err != nil {
				return err
			}
			if s.elastic.store == "" {
				return usageError("queue: name the store (--store FILE)")
			}
			if err := s.elastic.checkDelivery(); err != nil {
				return err
			}
			if _, err := os.Stat(s.elastic.store); err != nil {
				return fmt.Errorf("open store: %w", err)
			}
			return run(s)
		},
	}
	for _, name := range []string{"config", "store", "elasticsearch", "quiet"} {
		c.Flags().AddFlag(s.all.Lookup(name))
	}
	return c
}

func queueStatsCommand(io stdio) *cobra.Command {
	form := "text"
	c := storeCommand("stats --store FILE", "Say what waits, since when, and what was refused", "Reads the store beside whoever owns it.",
		func(s *settings) error { return queueStats(s.elastic.store, form, io) })
	c.Flags().StringVar(&form, "format", form, "text or json")
	return c
}

func queueStats(path, form string, io stdio) error {
	s, err := store.OpenReader(path)
	if err != nil {
		return err
	}
	defer s.Close() // a reader leaves nothing unwritten
	stats, err := s.Stats()
	if err != nil {
		return err
	}
	if form == "json" {
		return printJSON(io, map[string]any{
			"documents": stats.Documents, "octets": stats.Octets, "batches": stats.Batches, "oldest": stamp(stats.Oldest),
			"dead": stats.Dead, "damaged": stats.Damaged, "behind": stats.Behind,
		})
	}
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "waiting\t%s, %s in %s\n", plural(uint64(stats.Documents), "document"), bytesText(stats.Octets), plural(uint64(stats.Batches), "row"))
	if !stats.Oldest.IsZero() {
		fmt.Fprintf(w, "oldest\t%s, %s ago\n", stats.Oldest.Format(time.DateTime), time.Since(stats.Oldest).Round(time.Second))
	}
	for _, name := range slices.Sorted(maps.Keys(stats.Behind)) {
		fmt.Fprintf(w, "for %s\t%s\n", visible(name), plural(uint64(stats.Behind[name]), "document"))
	}
	fmt.Fprintf(w, "refused for good\t%s (queue deadletter lists them)\n", plural(uint64(stats.Dead), "document"))
	if stats.Damaged > 0 {
		fmt.Fprintf(w, "in damaged rows\t%s\n", plural(uint64(stats.Damaged), "document"))
	}
	return w.Flush()
}

func printJSON(io stdio, value any) error {
	document, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "%s\n", visibleJSON(document))
	return err
}

func queueDrainCommand(io stdio) *cobra.Command {
	return storeCommand("drain --store FILE --elasticsearch URL", "Deliver what waits, and say what became of it",
		"Delivers what stands in the store and ends when nothing is left, or when nothing went through for output.elasticsearch.wait.\n"+
			"Exit status: 0 all was delivered, 1 something waits still or was refused.",
		func(s *settings) error { return queueDrain(s, io) })
}

func queueDrain(s *settings, io stdio) error {
	if !s.elastic.delivers() {
		return usageError("queue drain: say where to (--elasticsearch URL, or output.elasticsearch in the configuration)")
	}
	d, err := s.openDelivery(newPlainLogger(io.err, s.quiet), false)
	if err != nil {
		return err
	}
	stops := make(chan os.Signal, 1)
	signal.Notify(stops, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(stops)
	err = errors.Join(d.stopWriting(), d.complete(func() bool { return len(stops) > 0 }, func(int64) {}))
	l := d.Ledger()
	if err == nil {
		_, err = fmt.Fprintf(io.out, "%s = %d indexed + %d there already + %d refused + %d still queued\n",
			plural(l.Carried, "document"), l.Indexed, l.Duplicate, l.Dead, l.Queued)
	}
	return errors.Join(err, d.outcomeError(), d.discard())
}

func queueDeadCommand(io stdio) *cobra.Command {
	var retry, discard bool
	c := storeCommand("deadletter --store FILE", "List what Elasticsearch refused for good, and why",
		"Prints each refused document as one line of JSON: when, by whom, status, type, reason, and the document as it was sent.\n"+
			"--retry puts all of them into the queue again (after setup was run, say); --discard deletes them when they were printed.",
		func(s *settings) error {
			if retry && discard {
				return usageError("queue deadletter: --retry and --discard exclude each other")
			}
			if retry {
				return queueRetry(s, io)
			}
			return queueDead(s, discard, io)
		})
	c.Flags().BoolVar(&retry, "retry", false, "put them into the queue again")
	c.Flags().BoolVar(&discard, "discard", false, "delete them when they were printed")
	return c
}

// deadLetter is how a refused document is printed.
type deadLetter struct {
	At       time.Time       `json:"at"`
	Output   string          `json:"output"`
	Stream   string          `json:"stream"`
	ID       string          `json:"id"`
	Status   int             `json:"status"`
	Type     string          `json:"type"`
	Reason   string          `json:"reason"`
	Document json.RawMessage `json:"document"`
}

// queueDead prints the dead letters, and deletes those that were printed, if asked to.
func queueDead(s *settings, discard bool, io stdio) error {
	open := store.OpenReader
	if discard {
		open = func(path string) (*store.Store, error) { return store.Open(path, s.elastic.queueLimit) }
	}
	q, err := open(s.elastic.store)
	if err != nil {
		return err
	}
	defer q.Close() // what was deleted is in a transaction that ended
	var printed []store.Mark
	err = q.DeadLetters(func(d *store.Dead) error {
		line, err := json.Marshal(deadLetter{d.At, d.Output, d.Stream, d.ID, d.Status, d.Type, d.Reason, d.JSON})
		if err != nil {
			return err
		}
		if _, err = fmt.Fprintf(io.out, "%s\n", visibleJSON(line)); err == nil && discard {
			printed = append(printed, d.Mark())
		}
		return err
	})
	return errors.Join(err, q.Forget(printed))
}

func queueRetry(s *settings, io stdio) error {
	q, err := store.Open(s.elastic.store, s.elastic.queueLimit)
	if err != nil {
		return err
	}
	defer q.Close() // what was moved is in transactions that ended
	n, err := q.Revive()
	fmt.Fprintf(io.out, "%s again in the queue\n", plural(uint64(n), "document"))
	return err
}

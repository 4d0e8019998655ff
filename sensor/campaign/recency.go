package campaign

// recency is a ring of campaigns, the one heard last first.
type recency struct{ root *record }

func newRecency() recency {
	root := new(record)
	root.prev, root.next = root, root
	return recency{root}
}

func (l *recency) push(r *record) {
	r.prev, r.next = l.root, l.root.next
	r.prev.next, r.next.prev = r, r
	r.listed = true
}

func (l *recency) remove(r *record) {
	if !r.listed {
		return
	}
	r.prev.next, r.next.prev = r.next, r.prev
	r.prev, r.next, r.listed = nil, nil, false
}

// oldest is the campaign silent longest; nil if there is none.
func (l *recency) oldest() *record {
	if l.root.prev == l.root {
		return nil
	}
	return l.root.prev
}

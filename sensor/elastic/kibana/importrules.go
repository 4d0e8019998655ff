package kibana

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
)

// DetectionRules installs the detection rules and the exception list, then reads each back and compares. A rule that is there already keeps
// what is its owner's: whether it is on, its actions, its exceptions; the rest is replaced. New rules are off. The error, which may hold
// several, tells of each that is not there as it should be; the report then tells what is.
func (i *Importer) DetectionRules(ctx context.Context) (Report, error) {
	version, err := i.Check(ctx)
	r := Report{Version: version}
	if err != nil {
		return r, err
	}
	err = i.exceptions(ctx, &r)
	return r, errors.Join(err, i.rules(ctx, &r))
}

// rules imports the rules.
func (i *Importer) rules(ctx context.Context, r *Report) error {
	var file []object
	changes := map[string]Change{}
	for _, own := range rules() {
		there, err := i.rule(ctx, own.RuleID)
		if err != nil {
			return err
		}
		file = append(file, own.over(there))
		switch {
		case i.DryRun:
			changes[own.RuleID] = Would
		case there != nil:
			changes[own.RuleID] = Replaced
		default:
			changes[own.RuleID] = Created
		}
	}
	var errs []error
	if !i.DryRun {
		a, err := i.sendFile(ctx, "/api/detection_engine/rules/_import?overwrite=true", ndjson(file))
		if err != nil {
			return err
		}
		errs = append(errs, importedRules(a, len(file)))
	}
	for _, own := range rules() {
		if err := i.compareRule(ctx, own); err != nil {
			errs = append(errs, err)
			continue
		}
		r.Items = append(r.Items, Item{"rule", own.RuleID, own.Name, own.RuleID, changes[own.RuleID]})
	}
	return errors.Join(errs...)
}

// rule reads a rule; nil where there is none.
func (i *Importer) rule(ctx context.Context, id string) (object, error) {
	a, err := i.sendJSON(ctx, http.MethodGet, "/api/detection_engine/rules?rule_id="+url.QueryEscape(id), nil)
	if err != nil {
		return nil, err
	}
	if a.status == http.StatusNotFound && a.isOfRules() {
		return nil, nil
	}
	there := object{}
	return there, a.into(&there)
}

// isOfRules tells the detection engine's "no such rule" from a server that has no detection engine: their errors differ in form.
func (a *answer) isOfRules() bool {
	var m object
	return json.Unmarshal(a.body, &m) == nil && m["status_code"] != nil
}

// over is the rule as it is to be imported over the one that is there.
func (r rule) over(there object) object {
	o := object{}
	if err := json.Unmarshal(compact(r), &o); err != nil {
		panic("kibana: " + err.Error())
	}
	for _, owners := range []string{"enabled", "actions", "exceptions_list"} {
		if there[owners] != nil {
			o[owners] = there[owners]
		}
	}
	return o
}

// importedRules reads the answer to an import of rules, which is 200 even where rules were refused.
func importedRules(a *answer, sent int) error {
	var m struct {
		Success      bool
		SuccessCount int `json:"success_count"`
		Errors       []struct {
			RuleID string `json:"rule_id"`
			Error  struct {
				StatusCode int `json:"status_code"`
				Message    string
			}
		}
	}
	if err := a.into(&m); err != nil {
		return err
	}
	var faults []error
	for _, e := range m.Errors {
		faults = append(faults, fmt.Errorf("kibana: rule %s was not imported: %d %s", visible(e.RuleID), e.Error.StatusCode, visible(e.Error.Message)))
	}
	if len(faults) == 0 && (!m.Success || m.SuccessCount != sent) {
		faults = append(faults, fmt.Errorf("kibana: %d of %d rules were imported, success %v, and no error is named", m.SuccessCount, sent, m.Success))
	}
	return errors.Join(faults...)
}

// compareRule reads a rule back; a dry run compares nothing.
func (i *Importer) compareRule(ctx context.Context, own rule) error {
	if i.DryRun {
		return nil
	}
	there, err := i.rule(ctx, own.RuleID)
	if err != nil {
		return err
	}
	if there == nil {
		return fmt.Errorf("kibana: rule %s is not there after the import", own.RuleID)
	}
	for field, want := range map[string]string{"name": own.Name, "query": own.Query, "type": own.Type, "severity": own.Severity} {
		if there[field] != want {
			return fmt.Errorf("kibana: rule %s has the %s %q, not %q", own.RuleID, field, there[field], want)
		}
	}
	return nil
}

// exceptions makes the exception list and its item, or brings them up to date: exceptions that others put into the list stay.
func (i *Importer) exceptions(ctx context.Context, r *Report) error {
	list, item := unprovenSources(), unprovenItem()
	for _, e := range []struct {
		path, key, id, name string
		value               any
	}{
		{"/api/exception_lists", "list_id", list.ListID, list.Name, list},
		{"/api/exception_lists/items", "item_id", item.ItemID, item.Name, item},
	} {
		change := Would
		if !i.DryRun {
			var err error
			if change, err = i.write(ctx, e.path, e.value); err != nil {
				return err
			}
			if err := i.compareException(ctx, e.path+"?namespace_type=single&"+e.key+"="+url.QueryEscape(e.id), e.value); err != nil {
				return err
			}
		}
		r.Items = append(r.Items, Item{"exception " + e.key[:4], e.id, e.name, e.id, change})
	}
	return nil
}

// write makes something, or replaces it where it is there.
func (i *Importer) write(ctx context.Context, path string, value any) (Change, error) {
	a, err := i.sendJSON(ctx, http.MethodPost, path, value)
	change := Created
	if err == nil && a.status == http.StatusConflict {
		a, err = i.sendJSON(ctx, http.MethodPut, path, value)
		change = Replaced
	}
	if err != nil {
		return "", err
	}
	return change, a.into(&object{})
}

// compareException reads a list or an item back.
func (i *Importer) compareException(ctx context.Context, path string, value any) error {
	a, err := i.sendJSON(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	there, want := object{}, object{}
	if err := errors.Join(a.into(&there), json.Unmarshal(compact(value), &want)); err != nil {
		return err
	}
	for _, field := range []string{"name", "description", "type", "entries"} {
		if !reflect.DeepEqual(there[field], want[field]) {
			return fmt.Errorf("kibana: %s has the %s %v, not %v", a.what, field, there[field], want[field])
		}
	}
	return nil
}

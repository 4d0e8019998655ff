package kibana

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// stamp is a time as Kibana writes it into addresses: UTC, milliseconds.
const stamp = "2006-01-02T15:04:05.000Z"

// Address is where a dashboard is seen, with the time range of the data, e.g.
//
//	https://kibana.example/s/soc/app/dashboards#/view/popupwatch-overview?_g=(time:(from:'2005-...',to:'2008-...'))
//
// kibana is the address that people use, with its base path if it has one; space is empty for the default space; dashboard is OverviewID
// or another id. The range is widened to whole milliseconds and, so that a single moment is a range too, by a second at its end. Where
// both times are zero none is named, and Kibana shows the last minutes. It fails where kibana is no http or https address or space no
// name of a space.
func Address(kibana, space, dashboard string, from, to time.Time) (string, error) {
	base, err := baseAddress(kibana, space)
	if err != nil {
		return "", err
	}
	address := base + "/app/dashboards#/view/" + url.PathEscape(dashboard)
	if from.IsZero() && to.IsZero() {
		return address, nil
	}
	first, last := from.UTC().Truncate(time.Millisecond), to.UTC().Truncate(time.Millisecond).Add(time.Second)
	return address + fmt.Sprintf("?_g=(time:(from:'%s',to:'%s'))", first.Format(stamp), last.Format(stamp)), nil
}

// baseAddress is Kibana's address with the space's prefix, without a slash at its end.
func baseAddress(kibana, space string) (string, error) {
	u, err := url.Parse(kibana)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("kibana: %q is no address such as https://kibana.example:5601", withoutSecret(kibana))
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("kibana: %q has more than an address: leave out what begins with ? or #", withoutSecret(kibana))
	}
	u.User = nil
	base := strings.TrimRight(u.String(), "/")
	if space == "" || space == "default" {
		return base, nil
	}
	if strings.Trim(space, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return "", fmt.Errorf("kibana: %q is no id of a space: those have lower-case letters, digits, _ and -", space)
	}
	return base + "/s/" + space, nil
}

// withoutSecret leaves out what stands before the @ of an address.
func withoutSecret(address string) string {
	if i := strings.LastIndex(address, "@"); i >= 0 {
		return address[i+1:]
	}
	return address
}

package elastic

import "testing"

func TestAuthorizationIsThatOfTheClient(t *testing.T) {
	for want, c := range map[string]Config{
		"":                    {},
		"ApiKey aWQ6a2V5":     {APIKey: "id:key"},
		"Bearer t":            {Token: "t"},
		"Basic dTpw":          {Username: "u", Password: "p"},
		"ApiKey aWQ6b3RoZXI=": {APIKey: "aWQ6b3RoZXI="},
	} {
		if got := c.Authorization(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

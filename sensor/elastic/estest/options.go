package estest

// Distribution is a server that can be started. The empty one is Elasticsearch8.
type Distribution string

// The distributions that testdata/yardsticks/elastic.sh fetches.
const (
	Elasticsearch8 Distribution = "elasticsearch-8.19.21"
	Elasticsearch9 Distribution = "elasticsearch-9.2.0" // needs Java 21: a test of it is skipped where there is none
	OpenSearch     Distribution = "opensearch-2.19.1"   // with ingest-common, lang-painless, lang-mustache, mapper-extras; no security
)

// Options say what node is wanted. The zero value is Elasticsearch 8 without security.
type Options struct {
	Distribution Distribution
	Security     bool     // passwords: Superuser, and Users
	TLS          bool     // HTTPS, by a CA of the node's own; implies Security
	Users        []User   // of the file realm
	Settings     []string // further lines of elasticsearch.yml, e.g. "http.max_content_length: 64kb"
}

// User is a user of the file realm, with one role of its own.
type User struct {
	Name, Password string
	Role           string // JSON as of PUT _security/role: {"cluster": [...], "indices": [{"names": [...], "privileges": [...]}]}
}

// Superuser may do everything on a node with security.
const (
	Superuser         = "root"
	SuperuserPassword = "the-superuser's-password"
)

// withDefaults fills in what is implied.
func (o Options) withDefaults() Options {
	if o.Distribution == "" {
		o.Distribution = Elasticsearch8
	}
	o.Security = o.Security || o.TLS
	return o
}

// runtime is what a distribution asks of Java, and its names for things.
type runtime struct {
	oldest, newest int // versions of Java
	prefix         string
	program        string
}

func (d Distribution) runtime() runtime {
	switch d {
	case Elasticsearch9:
		return runtime{21, 99, "ES_", "elasticsearch"}
	case OpenSearch:
		return runtime{17, 23, "OPENSEARCH_", "opensearch"} // Java 24 has no security manager
	default:
		return runtime{17, 99, "ES_", "elasticsearch"}
	}
}

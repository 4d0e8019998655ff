// Package estest starts real Elasticsearch and OpenSearch nodes for tests, on loopback, and ends them with the test. It is for tests only.
// The nodes are the official integration-test distributions, which testdata/yardsticks/elastic.sh fetches (make test-elastic): they hold the
// server without most modules. They answer 405 to GET / and know no API keys, no ILM, no transforms; see Node.
//
// A node takes about 7 s and 512 MB of heap: a package shares one through a Pool where its tests do not disturb each other, each in a
// namespace of its own.
package estest

package store

// version is that of the tables, in PRAGMA user_version: how many steps of migrations were taken.
const version = 4

// answering is the first version that keeps events for questions.
const answering = 3

// migrations bring the tables from one version to the next: a new file takes all of them. Steps are only added, never changed. Times are
// nanoseconds since 1970, by the clock of the machine where they say arrived or stand in the queue, else packet time.
var migrations = [version]string{queueTables, draftTables, keptTables, sourceTimes}

const queueTables = `
CREATE TABLE batch (seq INTEGER PRIMARY KEY AUTOINCREMENT, arrived INTEGER NOT NULL, documents INTEGER NOT NULL, octets INTEGER NOT NULL,
	sum INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE output (name TEXT PRIMARY KEY, delivered INTEGER NOT NULL);
CREATE TABLE dead (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, output TEXT NOT NULL, stream TEXT NOT NULL, event TEXT NOT NULL,
	status INTEGER NOT NULL, type TEXT NOT NULL, reason TEXT NOT NULL, document BLOB NOT NULL);
CREATE TABLE damaged (seq INTEGER PRIMARY KEY, documents INTEGER NOT NULL, body BLOB NOT NULL);
`

const draftTables = `
CREATE TABLE draft (id TEXT PRIMARY KEY, source TEXT NOT NULL, campaign TEXT NOT NULL, at INTEGER NOT NULL, document BLOB NOT NULL,
	hash TEXT NOT NULL);
CREATE INDEX draft_source ON draft (source, at);
CREATE INDEX draft_at ON draft (at);
`

// keptTables hold the events for the console. The documents lie in blocks, packed, as they came; everything else is an index to them and can
// be told from them. Rows that grow with every event are ordered by time or by something of few values, so that a batch touches few pages;
// event ids, which are random, are no key of their own: they lie in ident, those of a block together, for whoever asks by id.
//
//	event       which documents are there: seq is the block's number times 256 and the place in the block
//	popup       the message set, a row a document; verdict, state, route are the numbers of codes.go, the words' those of word
//	wording     From, To, Text and code page, once each; wording_words is their full-text index
//	advert      what a wording advertises; domains have their labels turned round (com.example.), so that one begins with its parents
//	tally       popups by day, hour and minute (level is its length in seconds), so that no chart reads every popup; campaign 0 is all of them
//	target      whom popups were sent to
//	claim       the newest document of each claim, part and sensor; source sums them up by address
//	campaign    sums up part, the newest document of each part and sensor
//	measure     sums of the sensor's counts by hour; stat a row a document of the sensor set
//	counter     sums of all, events that were given up among them
const keptTables = `
CREATE TABLE block (seq INTEGER PRIMARY KEY AUTOINCREMENT, arrived INTEGER NOT NULL, events INTEGER NOT NULL, sum INTEGER NOT NULL,
	body BLOB NOT NULL);
CREATE TABLE ident (block INTEGER PRIMARY KEY, ids BLOB NOT NULL);
CREATE TABLE event (time INTEGER NOT NULL, id BLOB NOT NULL, dataset INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (time, id)) WITHOUT ROWID;
CREATE TABLE word (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);
CREATE TABLE popup (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, campaign INTEGER NOT NULL, source BLOB, target BLOB, claim INTEGER NOT NULL,
	wording INTEGER NOT NULL, verdict INTEGER NOT NULL, score REAL NOT NULL, state INTEGER NOT NULL, route INTEGER NOT NULL, port INTEGER NOT NULL,
	sensor INTEGER NOT NULL, action INTEGER NOT NULL, lure INTEGER NOT NULL, rules INTEGER NOT NULL, count INTEGER NOT NULL);
CREATE INDEX popup_time ON popup (time, seq);
CREATE INDEX popup_campaign ON popup (campaign, time, seq);
CREATE INDEX popup_source ON popup (source, time) WHERE source IS NOT NULL;
CREATE INDEX popup_wording ON popup (wording, time);
CREATE TABLE wording (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, sender TEXT NOT NULL, recipient TEXT NOT NULL, body TEXT NOT NULL,
	code_page TEXT NOT NULL, popups INTEGER NOT NULL);
CREATE VIRTUAL TABLE wording_words USING fts5 (sender, recipient, body, content = 'wording', content_rowid = 'id',
	tokenize = 'unicode61 remove_diacritics 2');
CREATE TABLE advert (kind INTEGER NOT NULL, value TEXT NOT NULL, wording INTEGER NOT NULL, PRIMARY KEY (kind, value, wording)) WITHOUT ROWID;
CREATE INDEX advert_wording ON advert (wording);
CREATE TABLE tally (level INTEGER NOT NULL, at INTEGER NOT NULL, campaign INTEGER NOT NULL, verdict INTEGER NOT NULL, route INTEGER NOT NULL,
	port INTEGER NOT NULL, sensor INTEGER NOT NULL, count INTEGER NOT NULL,
	PRIMARY KEY (campaign, level, at, verdict, route, port, sensor)) WITHOUT ROWID;
CREATE TABLE target (ip BLOB PRIMARY KEY, popups INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE claim (ip BLOB NOT NULL, name INTEGER NOT NULL, part INTEGER NOT NULL, sensor INTEGER NOT NULL, campaign INTEGER NOT NULL,
	state INTEGER NOT NULL, decibans REAL NOT NULL, reportable INTEGER NOT NULL, messages INTEGER NOT NULL, first INTEGER NOT NULL,
	last INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (ip, name, part, sensor)) WITHOUT ROWID;
CREATE INDEX claim_campaign ON claim (campaign, messages);
CREATE TABLE source (ip BLOB PRIMARY KEY, state INTEGER NOT NULL, decibans REAL NOT NULL, reportable INTEGER NOT NULL, messages INTEGER NOT NULL,
	claims INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX source_messages ON source (messages, ip);
CREATE INDEX source_last ON source (last, ip);
CREATE INDEX source_state ON source (state, messages);
CREATE TABLE campaign (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, verdict INTEGER NOT NULL, score REAL NOT NULL, lure INTEGER NOT NULL,
	language INTEGER NOT NULL, messages INTEGER NOT NULL, sources INTEGER NOT NULL, targets INTEGER NOT NULL, first INTEGER NOT NULL,
	last INTEGER NOT NULL, seq INTEGER NOT NULL);
CREATE INDEX campaign_messages ON campaign (messages);
CREATE TABLE part (campaign INTEGER NOT NULL, part INTEGER NOT NULL, sensor INTEGER NOT NULL, messages INTEGER NOT NULL, sources INTEGER NOT NULL,
	targets INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, final INTEGER NOT NULL, seq INTEGER NOT NULL,
	PRIMARY KEY (campaign, part, sensor)) WITHOUT ROWID;
CREATE TABLE alias (alias TEXT NOT NULL, campaign INTEGER NOT NULL, PRIMARY KEY (alias, campaign)) WITHOUT ROWID;
CREATE INDEX alias_campaign ON alias (campaign);
CREATE TABLE finding (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, class INTEGER NOT NULL, severity INTEGER NOT NULL, count INTEGER NOT NULL,
	campaign INTEGER NOT NULL, sensor INTEGER NOT NULL);
CREATE INDEX finding_time ON finding (time, seq);
CREATE TABLE stat (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, sensor INTEGER NOT NULL, frames INTEGER NOT NULL, popups INTEGER NOT NULL,
	lost INTEGER NOT NULL);
CREATE INDEX stat_time ON stat (time);
CREATE TABLE measure (at INTEGER NOT NULL, sensor INTEGER NOT NULL, name INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (at, sensor, name)) WITHOUT ROWID;
CREATE TABLE counter (name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
`

// sourceTimes lets one index tell which sources were seen in a time, and all that they are ordered by.
const sourceTimes = `
DROP INDEX source_last;
CREATE INDEX source_last ON source (last, first, messages, state, decibans);
`

package report

import (
	"bytes"
	"embed"
	"errors"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas are those of XARF 4.2.0 that drafts need; see schema/README.md for their origin and licence.
//
//go:embed schema/*.json
var schemas embed.FS

// spamSchema is the schema of the one type that is drafted.
const spamSchema = "https://xarf.org/schemas/v4/types/messaging-spam.json"

// errNoFetching is why a schema that is not embedded is not to be had.
var errNoFetching = errors.New("schemas are embedded, none is fetched")

// nowhere is a loader of schemas that has none: validation must not reach for the network or for files.
type nowhere struct{}

// Load refuses.
func (nowhere) Load(url string) (any, error) { return nil, fmt.Errorf("%s: %w", url, errNoFetching) }

// compileSchema gives the schema of messaging/spam. An error is one of this package's own files.
func compileSchema() (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.UseLoader(nowhere{})
	c.AssertFormat() // an address for mail must be one
	c.AssertContent()
	for name, id := range map[string]string{
		"xarf-core.json": "https://xarf.org/schemas/v4/xarf-core.json", "messaging-spam.json": spamSchema,
	} {
		content, err := schemas.ReadFile("schema/" + name)
		if err != nil {
			return nil, err
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
		if err != nil {
			return nil, fmt.Errorf("schema %s: %w", name, err)
		}
		if err := c.AddResource(id, document); err != nil {
			return nil, fmt.Errorf("schema %s: %w", name, err)
		}
	}
	return c.Compile(spamSchema)
}

// validate says where a document is no XARF of this type.
func validate(schema *jsonschema.Schema, document []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return fmt.Errorf("read the document: %w", err)
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("it is no XARF: %w", err)
	}
	return nil
}

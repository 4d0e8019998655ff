// Command packagespec says whether a folder is a package that Elastic's own validator accepts. It is a module of its own, so that nothing
// of what it needs comes into the program's.
package main

import (
	"fmt"
	"os"

	"github.com/elastic/package-spec/v3/code/go/pkg/validator"
)

func main() {
	if err := validator.ValidateFromPath(os.Args[1]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

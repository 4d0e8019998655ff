package kibana

import "popupwatch/sensor/event"

// fieldKind is what Kibana calls the type of a field: string, ip, date, boolean or number.
func fieldKind(path string) string {
	for set := range event.Set(event.SetCount) {
		for _, f := range event.Mapping(set) {
			if f.Path == path {
				return kindOf(f.Type)
			}
		}
	}
	return "string"
}

func kindOf(mapped string) string {
	switch mapped {
	case "ip", "date", "boolean":
		return mapped
	case "long", "float":
		return "number"
	}
	return "string"
}

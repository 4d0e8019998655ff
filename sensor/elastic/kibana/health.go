package kibana

// healthBoard tells whether the sensors see, keep up and deliver.
func healthBoard() board {
	return board{
		id: SensorID, title: "popupwatch: Sensor health",
		about:    "Whether the sensors see, keep up and deliver. A sensor that reads nothing writes nothing: look at when each was last heard.",
		controls: []control{sensorControl(metricsView()), namespaceControl(metricsView())},
		rows: []row{
			{3, []panel{linksPanel()}},
			{12, []panel{sensorsTable()}},
			{12, []panel{framesOverTime(), droppedOverTime()}},
			{12, []panel{reasonsOverTime(), trafficOverTime()}},
			{12, []panel{shedOverTime(), queueOverTime()}},
			{12, []panel{portSources()}},
		},
	}
}

func sensorsTable() panel {
	return panel{id: "sensors", title: "Is every sensor alive, and does it lose anything?", width: 48, kind: table, view: metricsView(), query: ofSensor,
		by: []bucket{top("observer.name", "Sensor", 50)},
		show: []metric{lastSeen(timeField), lastWords("observer.version", "Version"), summed("popupwatch.sensor.frames", "Frames"),
			summed("popupwatch.sensor.messages", "Popups"), summed("popupwatch.sensor.kernel_dropped", "Dropped by the kernel"),
			summed("popupwatch.sensor.interface_dropped", "Dropped by the interface"), summed("popupwatch.sensor.clock_steps", "Clock steps")}}
}

func framesOverTime() panel {
	return panel{id: "frames", title: "How much does each sensor read?", width: 24, kind: lines, view: metricsView(), query: ofSensor,
		by: []bucket{over(), top("observer.name", "Sensor", 20)}, show: []metric{summed("popupwatch.sensor.frames", "Frames")}}
}

func droppedOverTime() panel {
	return panel{id: "dropped", title: "What was lost before it was read?", width: 24, kind: lines, view: metricsView(), query: ofSensor,
		about: "Live only. Drops mean that counts of popups are lower bounds.",
		by:    []bucket{over()}, show: []metric{
			summed("popupwatch.sensor.kernel_received", "Handed over by the kernel"),
			summed("popupwatch.sensor.kernel_dropped", "Dropped by the kernel"), summed("popupwatch.sensor.interface_dropped", "Dropped by the interface"),
		}}
}

func reasonsOverTime() panel {
	const reasons = "popupwatch.sensor.reasons."
	return panel{id: "reasons", title: "What became of the frames?", width: 24, kind: bars, view: metricsView(), query: ofSensor,
		about: "The reasons that a healthy sensor on a span port shows most. help fields has all.",
		by:    []bucket{over()}, show: []metric{
			summed(reasons+"message", "Popups"), summed(reasons+"signal", "Answers"), summed(reasons+"icmp_quote", "Errors that quote popups"),
			summed(reasons+"fragment", "Fragments"), summed(reasons+"duplicate", "Copies"), summed(reasons+"filtered", "Filtered"),
			summed(reasons+"not_rpc", "No RPC"), summed(reasons+"rpc_interface", "Other RPC"), summed(reasons+"truncated", "Cut by the snap length"),
		}}
}

func trafficOverTime() panel {
	return panel{id: "traffic", title: "How many popups does each sensor see?", width: 24, kind: bars, view: metricsView(), query: ofSensor,
		by: []bucket{over(), top("observer.name", "Sensor", 20)}, show: []metric{summed("popupwatch.sensor.messages", "Popups")}}
}

func shedOverTime() panel {
	const shed = "popupwatch.sensor.shed."
	return panel{id: "shed", title: "What was given up for want of room?", width: 24, kind: bars, view: metricsView(), query: ofSensor,
		about: "Anything but 0 is a flood: what is counted here was not followed further.",
		by:    []bucket{over()}, show: []metric{
			summed(shed+"datagrams", "Datagrams"), summed(shed+"calls", "Calls"), summed(shed+"texts", "Texts"), summed(shed+"campaigns", "Campaigns"),
			summed(shed+"claims", "Claims"), summed(shed+"findings", "Findings"), summed(shed+"rollup", "Buckets closed early"),
		}}
}

func queueOverTime() panel {
	const queue = "popupwatch.sensor.queue."
	return panel{id: "queue", title: "Are events delivered?", width: 24, kind: lines, view: metricsView(), query: ofSensor,
		about: "Documents by what became of them in each interval; what waits is the most that waited at the end of one.",
		by:    []bucket{over()}, show: []metric{
			summed(queue+"produced", "Produced"), summed(queue+"indexed", "Indexed"), summed(queue+"duplicate", "Already there"),
			summed(queue+"dead", "Dead letters"), summed(queue+"shed", "No room"), mostOf(queue+"queued", "Waiting"),
		}}
}

func portSources() panel {
	return panel{id: "port-sources", title: "How many addresses claim to send to each port?", width: 48, kind: lines, view: metricsView(), query: ofSensor,
		about: "Sum over intervals of the distinct source addresses of each: an upper bound, and forged ones count too.",
		by:    []bucket{over()}, show: []metric{
			summed("popupwatch.sensor.ports.135.sources", "135"), summed("popupwatch.sensor.ports.1026.sources", "1026"),
			summed("popupwatch.sensor.ports.1027.sources", "1027"), summed("popupwatch.sensor.ports.1028.sources", "1028"),
		}}
}

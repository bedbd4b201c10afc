// Command linearizable tells whether a history of volume operations is linearizable: whether each operation can have
// happened at one instant between its call and its return. It reads a JSON array of operations from the file it is
// given and exits with 0 when the history is linearizable, 1 when it is not, 2 when it can't tell.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// operation is what one client asked for and was told. Times are nanoseconds of one clock.
type operation struct {
	Client int    `json:"client"`
	Name   string `json:"name"`
	Call   int64  `json:"call"`
	Return int64  `json:"return"`
	Kind   string `json:"kind"`
	// What was asked for.
	ID    string `json:"id"`
	Size  int64  `json:"size"`
	VM    string `json:"vm"`
	Label string `json:"label"`
	// What was answered: an error code, or OK and the volume.
	Code   string  `json:"code"`
	Answer *volume `json:"answer"`
}

// volume is the state under one name; the zero value is none. Its id is empty when it is absent.
type volume struct {
	ID    string `json:"id"`
	Size  int64  `json:"size"`
	VM    string `json:"vm"`
	Label string `json:"label"`
}

// step says whether the operation can have had its answer in this state, and the state after it.
func step(now volume, op operation) (bool, volume) {
	ok := op.Code == "OK"
	present := now.ID != "" && (op.ID == "" || op.ID == now.ID)
	switch op.Kind {
	case "create":
		if now.ID == "" {
			made := volume{ID: answered(op).ID, Size: op.Size, Label: op.Label}
			return ok && made.ID != "" && answered(op).Size == op.Size, made
		}
		if now.Size == op.Size {
			return ok && answered(op).ID == now.ID && answered(op).Size == now.Size, now
		}
		return op.Code == "ALREADY_EXISTS", now
	case "delete":
		if !present {
			return ok, now
		}
		if now.VM != "" {
			return op.Code == "FAILED_PRECONDITION", now
		}
		return ok, volume{}
	case "get":
		if !present {
			return op.Code == "NOT_FOUND", now
		}
		seen := answered(op)
		return ok && seen.ID == now.ID && seen.Size == now.Size && seen.Label == now.Label, now
	case "list":
		return answered(op) == now, now
	case "expand":
		if !present {
			return op.Code == "NOT_FOUND", now
		}
		if op.Size > now.Size {
			now.Size = op.Size
		}
		return ok && answered(op).Size == now.Size, now
	case "label":
		if !present {
			return op.Code == "NOT_FOUND", now
		}
		now.Label = op.Label
		return ok, now
	case "attach":
		if !present {
			return op.Code == "NOT_FOUND", now
		}
		if now.VM != "" && now.VM != op.VM {
			return op.Code == "FAILED_PRECONDITION", now
		}
		now.VM = op.VM
		return ok, now
	case "detach":
		if present && now.VM == op.VM {
			now.VM = ""
		}
		return ok, now
	}
	return false, now
}

func answered(op operation) volume {
	if op.Answer == nil {
		return volume{}
	}
	return *op.Answer
}

var model = porcupine.Model{
	Init: func() any { return volume{} },
	Step: func(state, input, _ any) (bool, any) {
		return wrap(step(state.(volume), input.(operation)))
	},
}

func wrap(legal bool, state volume) (bool, any) { return legal, state }

func main() {
	if len(os.Args) != 2 {
		fail("usage: linearizable FILE")
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		fail(err)
	}
	var operations []operation
	if err := json.Unmarshal(text, &operations); err != nil {
		fail(err)
	}
	byName := map[string][]porcupine.Operation{}
	for _, op := range operations {
		byName[op.Name] = append(byName[op.Name], porcupine.Operation{
			ClientId: op.Client, Input: op, Call: op.Call, Return: op.Return,
		})
	}
	code := 0
	for name, history := range byName {
		switch porcupine.CheckOperationsTimeout(model, history, 5*time.Minute) {
		case porcupine.Illegal:
			fmt.Printf("%s: not linearizable (%d operations)\n", name, len(history))
			code = 1
		case porcupine.Unknown:
			fail(name + ": no verdict in time")
		}
	}
	if code == 0 {
		fmt.Printf("linearizable: %d operations on %d names\n", len(operations), len(byName))
	}
	os.Exit(code)
}

func fail(reason any) {
	fmt.Fprintln(os.Stderr, reason)
	os.Exit(2)
}

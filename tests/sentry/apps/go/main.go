// The ferry for Go with the stock SDK. The tests do not run it: what it sent with Debian's golang-github-getsentry-sentry-go-dev
// (0.11.0) is kept as tests/sentry/samples/go-http-*.json. The two go-wrapper-*.envelope beside are those events in the form of newer
// releases, written after their source: an envelope, and a tree of errors by ids, which some releases list outermost first.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/getsentry/sentry-go"
	sentryhttp "github.com/getsentry/sentry-go/http"
)

type Sailing struct {
	Price int
	Seats []int
}

type Booking struct {
	Sailing    string   `json:"sailing"`
	Passengers []string `json:"passengers"`
}

var (
	sailings  = map[string]*Sailing{"F10": {Price: 12, Seats: []int{1, 2}}}
	warnings  map[string]int
	errNoPier = errors.New("no such pier")
)

func price(booking Booking) int {
	return sailings[booking.Sailing].Price * len(booking.Passengers)
}

func seat(number int) int {
	return sailings["F10"].Seats[number]
}

func pier(harbour string) error {
	return fmt.Errorf("pier of %s: %w", harbour, errNoPier)
}

func book(w http.ResponseWriter, r *http.Request) {
	var booking Booking
	_ = json.NewDecoder(r.Body).Decode(&booking)
	fmt.Fprintln(w, price(booking))
}

func main() {
	if err := sentry.Init(sentry.ClientOptions{Release: "ferry@0123456789abcdef0123456789abcdef01234567"}); err != nil {
		panic(err)
	}
	defer sentry.Flush(2 * time.Second)
	mux := http.NewServeMux()
	mux.HandleFunc("/bookings", book)
	mux.HandleFunc("/seats", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, seat(7)) })
	mux.HandleFunc("/warnings", func(w http.ResponseWriter, r *http.Request) { warnings["dover"] = 1 })
	mux.HandleFunc("/piers", func(w http.ResponseWriter, r *http.Request) {
		if err := pier("dover"); err != nil {
			sentry.GetHubFromContext(r.Context()).CaptureException(err)
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	handler := sentryhttp.New(sentryhttp.Options{Repanic: true}).Handle(mux)
	_ = http.ListenAndServe("127.0.0.1:"+os.Args[1], handler)
}

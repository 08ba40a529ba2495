package exporter

import (
	"net/http"
	"strconv"
	"time"
)

// timeoutHeader is how Prometheus says when it gives up a scrape.
const timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// A budget is the time that a scrape may take.
type budget struct {
	started time.Time
	timeout time.Duration // after which the client is gone; 0 when it did not say
}

// newBudget reads the budget of r. What is no number of seconds is as if it had not been sent.
func newBudget(r *http.Request) budget {
	b := budget{started: time.Now()}
	seconds, err := strconv.ParseFloat(r.Header.Get(timeoutHeader), 64)
	if err == nil && seconds > 0 && seconds < writeTimeout.Seconds() {
		b.timeout = time.Duration(seconds * float64(time.Second))
	}
	return b
}

func (b budget) limited() bool { return b.timeout > 0 }

func (b budget) spent() time.Duration { return time.Since(b.started) }

// left is how long the page may still take to make. It is not above 0 when the time is over, or has no limit.
func (b budget) left() time.Duration {
	if !b.limited() {
		return 0
	}
	return b.timeout - min(scrapeMargin, b.timeout/5) - b.spent()
}

// hold is how long to wait for instances that are being reloaded.
func (b budget) hold() time.Duration { return b.share(holdLimit) }

// gather is how long to wait for the sources: half of what is left, since the page is then to be encoded and sent.
func (b budget) gather() time.Duration { return b.share(gatherTimeout) }

// together is how long to wait for a page that is made for others as well.
func (b budget) together() time.Duration { return b.share(togetherLimit) }

// turn is how long to wait until the page can be encoded.
func (b budget) turn() time.Duration {
	if !b.limited() {
		return gatherTimeout
	}
	return max(0, b.left())
}

func (b budget) share(most time.Duration) time.Duration {
	if !b.limited() {
		return most
	}
	return max(0, min(most, b.left()/2))
}

// readBy is when the client has gone, or zero.
func (b budget) readBy() time.Time {
	if !b.limited() {
		return time.Time{}
	}
	return b.started.Add(b.timeout)
}

package exporter_test

import (
	"fmt"
	"io"
	"net/http"

	"github.com/promexporter/promexporter/exporter"
)

// An endpoint serves the families of a source on an address and a path.
func Example() {
	var servers exporter.Servers
	e, err := servers.Open(exporter.Options{
		Addresses: addresses("127.0.0.1:0"), Path: "/metrics", Instance: "promexporter.0", Source: families(up("up", "a")),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	response, err := http.Get("http://" + e.Addrs()[0].String() + "/metrics?name[]=up")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	page, _ := io.ReadAll(response.Body)
	fmt.Print(string(page))
	// Output:
	// # HELP up Is up.
	// # TYPE up gauge
	// up{l="a"} 1
}

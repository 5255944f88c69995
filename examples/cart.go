// A shopping cart with Go's standard library, from 1.20 on: go run examples/cart.go
//
// Amounts are json.Number, never float64, so every number of an item keeps all its digits in both directions.
package main

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"os"
	"time"
)

var (
	url    = setting("SERVICE_URL", "http://127.0.0.1:3000")
	table  = setting("TABLE", "ExampleCart")
	client = &http.Client{Timeout: time.Minute}
)

//go:embed products.ndjson
var products []byte

func setting(name, otherwise string) string {
	if value, ok := os.LookupEnv(name); ok {
		return value
	}
	return otherwise
}

// Item is an item as a document.
type Item map[string]any

// Problem is an error of the service (RFC 9457). Handle it by its Code, never by its Detail.
type Problem struct {
	Code                string `json:"code"`
	Detail              string `json:"detail"`
	CancellationReasons []struct {
		Code string `json:"code"`
		Item Item   `json:"item"`
	} `json:"cancellationReasons"`
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// call sends a body and decodes the response into answer, unless that is nil. Its error is a *Problem if the service
// refused the request.
func call(method, path, mediaType string, body io.Reader, answer any, headers ...string) error {
	request, err := http.NewRequest(method, url+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", mediaType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	decoder := json.NewDecoder(response.Body)
	decoder.UseNumber()
	if response.StatusCode >= 300 {
		problem := new(Problem)
		if err := decoder.Decode(problem); err != nil {
			return fmt.Errorf("%s %s: %s: %w", method, path, response.Status, err)
		}
		return problem
	}
	if answer == nil {
		return nil
	}
	return decoder.Decode(answer)
}

// post sends a body as document JSON.
func post(path string, body, answer any, headers ...string) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return call("POST", path, "application/json", bytes.NewReader(text), answer, headers...)
}

// is reports whether an error is a Problem with this code.
func is(err error, code string) bool {
	var problem *Problem
	return errors.As(err, &problem) && problem.Code == code
}

func createTable() error {
	type m = map[string]string
	err := post("/v1/tables", map[string]any{
		"tableName": table,
		"attributeDefinitions": []m{
			{"attributeName": "pk", "attributeType": "S"},
			{"attributeName": "sk", "attributeType": "S"},
		},
		"keySchema": []m{
			{"attributeName": "pk", "keyType": "HASH"},
			{"attributeName": "sk", "keyType": "RANGE"},
		},
		"billingMode": "PAY_PER_REQUEST",
	}, nil)
	if err != nil && !is(err, "ResourceInUseException") {
		return err
	}
	for attempt := 0; attempt < 60; attempt++ {
		var found struct{ Table struct{ TableStatus string } }
		if err := call("GET", "/v1/tables/"+table, "", nil, &found); err != nil {
			return err
		}
		if found.Table.TableStatus == "ACTIVE" {
			return nil
		}
		time.Sleep(time.Second)
	}
	return fmt.Errorf("the table %s does not become ACTIVE", table)
}

func put(item Item) error {
	return post("/v1/tables/"+table+"/put", map[string]any{"item": item}, nil)
}

func get(pk, sk string) (Item, error) {
	var found struct{ Item Item }
	err := post("/v1/tables/"+table+"/get", map[string]any{
		"key":            Item{"pk": pk, "sk": sk},
		"consistentRead": true,
	}, &found)
	return found.Item, err
}

// Line is one product of an order, with its quantity.
type Line struct {
	Product  string
	Quantity int
}

// checkout changes the order, the stock and the cart in one transaction: together or not at all.
func checkout(customer, order string, total json.Number, lines []Line, key string) error {
	var stock, cart []map[string]any
	for _, line := range lines {
		stock = append(stock, map[string]any{"update": map[string]any{
			"tableName":                           table,
			"key":                                 Item{"pk": "product#" + line.Product, "sk": "stock"},
			"updateExpression":                    "SET stock = stock - :quantity",
			"conditionExpression":                 "stock >= :quantity",
			"expressionAttributeValues":           Item{":quantity": line.Quantity},
			"returnValuesOnConditionCheckFailure": "ALL_OLD",
		}})
		cart = append(cart, map[string]any{"delete": map[string]any{
			"tableName": table,
			"key":       Item{"pk": "cart#" + customer, "sk": line.Product},
		}})
	}
	ordering := map[string]any{"put": map[string]any{
		"tableName":           table,
		"item":                Item{"pk": "customer#" + customer, "sk": "order#" + order, "total": total},
		"conditionExpression": "attribute_not_exists(pk)",
	}}
	items := append(append(stock, ordering), cart...)
	return post("/v1/transact/write", map[string]any{"transactItems": items}, nil, "Idempotency-Key", key)
}

// newKey returns a unique Idempotency-Key.
func newKey() string {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		log.Fatal(err)
	}
	return hex.EncodeToString(random)
}

// query passes all items of a partition to visit, page by page.
func query(pk string, limit int, visit func(page []Item) error) error {
	body := map[string]any{
		"keyConditionExpression":    "pk = :pk",
		"expressionAttributeValues": Item{":pk": pk},
		"limit":                     limit,
	}
	for {
		var page struct {
			Items            []Item
			LastEvaluatedKey Item
		}
		if err := post("/v1/tables/"+table+"/query", body, &page); err != nil {
			return err
		}
		if err := visit(page.Items); err != nil {
			return err
		}
		if page.LastEvaluatedKey == nil {
			return nil
		}
		body["exclusiveStartKey"] = page.LastEvaluatedKey
	}
}

// amount converts a number of an item to an exact rational.
func amount(item Item, name string) (*big.Rat, error) {
	digits, _ := item[name].(json.Number)
	exact, ok := new(big.Rat).SetString(digits.String())
	if !ok {
		return nil, fmt.Errorf("expected a number %s, got %v", name, item[name])
	}
	return exact, nil
}

func shop() error {
	requests := []map[string]any{}
	for _, item := range []Item{
		{"pk": "product#coffee", "sk": "stock", "stock": 5},
		{"pk": "product#tea", "sk": "stock", "stock": 1},
		{"pk": "customer#ada", "sk": "order#1", "total": json.Number("19.99")},
		{"pk": "customer#ada", "sk": "order#2", "total": json.Number("0.10")},
		{"pk": "customer#ada", "sk": "order#3", "total": json.Number("0.20")},
		{"pk": "customer#ada", "sk": "order#4", "total": json.Number("250000000000000.01")},
		{"pk": "customer#ada", "sk": "order#5", "total": json.Number("45.50")},
	} {
		requests = append(requests, map[string]any{"putRequest": map[string]any{"item": item}})
	}
	if err := post("/v1/batch/write", map[string]any{"requestItems": map[string]any{table: requests}}, nil); err != nil {
		return err
	}
	fmt.Println("There are 5 packets of coffee and 1 of tea. ada has ordered 5 times before.")

	for _, line := range []Item{
		{"pk": "cart#ada", "sk": "coffee", "quantity": 2, "price": json.Number("12.50")},
		{"pk": "cart#ada", "sk": "tea", "quantity": 1, "price": json.Number("4.25")},
		{"pk": "cart#eve", "sk": "tea", "quantity": 1, "price": json.Number("4.25")},
	} {
		if err := put(line); err != nil {
			return err
		}
	}
	fmt.Println("ada has 2 coffee and 1 tea in her cart, eve has 1 tea.")

	// One key per checkout, sent again with each retry.
	key := newKey()
	lines := []Line{{"coffee", 2}, {"tea", 1}}
	if err := checkout("ada", "6", "29.25", lines, key); err != nil {
		return err
	}
	fmt.Println("ada has checked out: 29.25.")

	// After a lost response, send the same request with the same key: it is applied once.
	if err := checkout("ada", "6", "29.25", lines, key); err != nil {
		return err
	}
	coffee, err := get("product#coffee", "stock")
	if err != nil {
		return err
	}
	if coffee["stock"] != json.Number("3") {
		return fmt.Errorf("expected 3 packets of coffee, got %v", coffee["stock"])
	}
	fmt.Printf("She has sent it twice, and %v packets of coffee are left: it was applied once.\n", coffee["stock"])

	err = checkout("eve", "1", "4.25", []Line{{"tea", 1}}, newKey())
	var problem *Problem
	if !errors.As(err, &problem) || problem.Code != "TransactionCanceledException" {
		return fmt.Errorf("expected eve to come too late, got %w", err)
	}
	// One reason for each entry of the transaction, in their order; the lines come first.
	reason := problem.CancellationReasons[0]
	if reason.Code != "ConditionalCheckFailed" {
		return fmt.Errorf("expected the tea to be the reason: %v", problem.CancellationReasons)
	}
	if _, err := get("cart#eve", "tea"); err != nil {
		return err
	}
	fmt.Printf("eve came too late: %v tea left. Her cart is as it was.\n", reason.Item["stock"])

	sum, pages := new(big.Rat), 0
	err = query("customer#ada", 2, func(orders []Item) error {
		pages++
		for _, order := range orders {
			total, err := amount(order, "total")
			if err != nil {
				return err
			}
			sum.Add(sum, total)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if pages < 3 || sum.FloatString(2) != "250000000000095.05" {
		return fmt.Errorf("expected 250000000000095.05 on 3 pages or more, got %s on %d", sum.FloatString(2), pages)
	}
	fmt.Printf("ada has ordered for %s, as %d pages say.\n", sum.FloatString(2), pages)

	// Any io.Reader works: a file or a pipe.
	var imported struct{ Written int }
	err = call("POST", "/v1/tables/"+table+"/import", "application/x-ndjson", bytes.NewReader(products), &imported)
	if err != nil {
		return err
	}
	if imported.Written != 4 {
		return fmt.Errorf("expected 4 products, got %d", imported.Written)
	}
	roastery, err := get("catalog", "roastery")
	if err != nil {
		return err
	}
	if roastery["price"] != json.Number("12345678901234567.89") {
		return fmt.Errorf("expected 12345678901234567.89, got %v", roastery["price"])
	}
	fmt.Printf("The catalog is imported: %d products. The whole roastery costs %v.\n", imported.Written, roastery["price"])
	return nil
}

func run() (err error) {
	defer func() {
		err = errors.Join(err, call("DELETE", "/v1/tables/"+table, "", nil, nil))
	}()
	if err := createTable(); err != nil {
		return err
	}
	fmt.Printf("The table %s is there.\n", table)
	return shop()
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

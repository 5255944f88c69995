// What a program does with the client that oapi-codegen makes. SERVICE_URL is the service's.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"reflect"

	"example.com/orders/storage"
)

const table = "ClientsGo"

func main() {
	log.SetFlags(log.Lshortfile)
	ctx := context.Background()
	client, err := storage.NewClientWithResponses(cmp.Or(os.Getenv("SERVICE_URL"), "http://127.0.0.1:3000"))
	check(err)

	created, err := client.CreateTableWithResponse(ctx, storage.CreateTableRequest{
		TableName: table,
		AttributeDefinitions: []storage.AttributeDefinition{
			{AttributeName: "customer", AttributeType: storage.ScalarAttributeTypeS},
			{AttributeName: "placed", AttributeType: storage.ScalarAttributeTypeS},
		},
		KeySchema: []storage.KeySchemaElement{
			{AttributeName: "customer", KeyType: storage.KeyTypeHASH},
			{AttributeName: "placed", KeyType: storage.KeyTypeRANGE},
		},
		BillingMode: pointer(storage.BillingModePAYPERREQUEST),
	})
	check(err, problemOf(created.Body))
	same(*created.JSON201.TableDescription.TableName, table)

	key := storage.Item{"customer": "ada", "placed": "2026-11-02"}
	order := storage.Item{
		"customer": "ada", "placed": "2026-11-02", "amount": 129.95,
		"tags": map[string]any{"$stringSet": []any{"books"}},
	}
	put, err := client.PutItemWithResponse(ctx, table, storage.PutItemRequest{Item: order})
	check(err, problemOf(put.Body))
	found, err := client.GetItemWithResponse(ctx, table, storage.GetItemRequest{Key: key})
	check(err, problemOf(found.Body))
	same(found.JSON200.Item, order)

	updated, err := client.UpdateItemWithResponse(ctx, table, storage.UpdateItemRequest{
		Key:                       key,
		UpdateExpression:          pointer("SET #s = :shipped"),
		ExpressionAttributeNames:  &storage.ExpressionAttributeNames{"#s": "status"},
		ExpressionAttributeValues: &storage.Item{":shipped": "shipped"},
		ReturnValues:              pointer(storage.ReturnValuesUPDATEDNEW),
	})
	check(err, problemOf(updated.Body))
	same(*updated.JSON200.Attributes, storage.Item{"status": "shipped"})

	// Any number of writes in one batch.
	var days []string
	var writes []storage.WriteRequest
	var keys []storage.Item
	for day := range 30 {
		placed := fmt.Sprintf("2026-12-%02d", day+1)
		item := storage.Item{"customer": "eve", "placed": placed}
		days = append(days, placed)
		keys = append(keys, item)
		writes = append(writes, storage.WriteRequest{PutRequest: &storage.PutRequest{Item: item}})
	}
	written, err := client.BatchWriteItemWithResponse(ctx, storage.BatchWriteItemRequest{
		RequestItems: storage.RequestedWrites{table: writes},
	})
	check(err, problemOf(written.Body))
	some, err := client.BatchGetItemWithResponse(ctx, storage.BatchGetItemRequest{
		RequestItems: storage.RequestedKeys{table: {Keys: keys[:3]}},
	})
	check(err, problemOf(some.Body))
	same(len(some.JSON200.Responses[table]), 3)

	// All pages of a query.
	var seen []string
	request := storage.QueryRequest{
		KeyConditionExpression:    "customer = :c",
		ExpressionAttributeValues: &storage.Item{":c": "eve"},
		Limit:                     pointer(7),
	}
	for {
		page, err := client.QueryWithResponse(ctx, table, request)
		check(err, problemOf(page.Body))
		for _, item := range page.JSON200.Items {
			seen = append(seen, item["placed"].(string))
		}
		if page.JSON200.LastEvaluatedKey == nil {
			break
		}
		request.ExclusiveStartKey = page.JSON200.LastEvaluatedKey
	}
	same(seen, days)

	// Digits that no double holds stand as strings in the typed representation.
	const digits = "12345678901234567890.12"
	typedKey := storage.TypedItem{"customer": {S: pointer("grace")}, "placed": {S: pointer("2026-11-07")}}
	typedItem := storage.TypedItem{"customer": {S: pointer("grace")}, "placed": {S: pointer("2026-11-07")}, "amount": {N: pointer(digits)}}
	typedPut, err := client.PutItemWithApplicationVndDynamodbPlusJSONBodyWithResponse(
		ctx, table, storage.TypedPutItemRequest{Item: typedItem})
	check(err, problemOf(typedPut.Body))
	exact, err := client.GetItemWithApplicationVndDynamodbPlusJSONBodyWithResponse(
		ctx, table, storage.TypedGetItemRequest{Key: typedKey})
	check(err, problemOf(exact.Body))
	same(*exact.ApplicationvndDynamodbJSON200.Item["amount"].N, digits)

	// A transaction that is cancelled says why, entry by entry.
	cancelled, err := client.TransactWriteItemsWithResponse(ctx,
		&storage.TransactWriteItemsParams{IdempotencyKey: pointer("clients-go")},
		storage.TransactWriteItemsRequest{TransactItems: []storage.TransactWriteItem{
			{Put: &storage.Put{TableName: table, Item: storage.Item{"customer": "eve", "placed": "2027-01-01"}}},
			{ConditionCheck: &storage.ConditionCheck{
				TableName:                 table,
				Key:                       key,
				ConditionExpression:       "amount > :most",
				ExpressionAttributeValues: &storage.Item{":most": 1000},
			}},
		}})
	check(err)
	same(cancelled.StatusCode(), 409)
	same(cancelled.ApplicationproblemJSON409.Code, storage.ProblemCodeTransactionCanceledException)
	var reasons []string
	for _, reason := range cancelled.ApplicationproblemJSON409.CancellationReasons {
		reasons = append(reasons, reason.Code)
	}
	same(reasons, []string{"None", "ConditionalCheckFailed"})

	// An error, by its code.
	missing, err := client.GetItemWithResponse(ctx, table, storage.GetItemRequest{
		Key: storage.Item{"customer": "nobody", "placed": "2026-11-02"},
	})
	check(err)
	problem, ok := problemOf(missing.Body).(*Problem)
	same(ok, true)
	switch problem.Code {
	case storage.ProblemCodeItemNotFound:
		same(problem.Retryable, false)
	default:
		log.Fatal(problem)
	}

	deleted, err := client.DeleteTableWithResponse(ctx, table)
	check(err, problemOf(deleted.Body))
}

// Problem is the service's, as an error.
type Problem storage.Problem

func (p *Problem) Error() string {
	return fmt.Sprintf("%s: %s (%s)", p.Code, p.Detail, p.RequestId)
}

// problemOf gives the problem that a body is, of whichever status; nil if it is none.
func problemOf(body []byte) error {
	var problem Problem
	if err := json.Unmarshal(body, &problem); err != nil || problem.Code == "" {
		return err
	}
	return &problem
}

func check(errs ...error) {
	for _, err := range errs {
		if err != nil {
			log.Output(2, err.Error())
			os.Exit(1)
		}
	}
}

func same(actual, expected any) {
	if !reflect.DeepEqual(actual, expected) {
		log.Output(2, fmt.Sprintf("%v is not %v", actual, expected))
		os.Exit(1)
	}
}

// What may be absent is a pointer.
func pointer[T any](value T) *T {
	return &value
}

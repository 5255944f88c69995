// The AWS SDK for Go with the service as its endpoint: pages, batches, a transaction, and a scan in segments.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type item = map[string]types.AttributeValue

func order(number int) item {
	return item{
		"customer": &types.AttributeValueMemberS{Value: "ada"},
		"number":   &types.AttributeValueMemberN{Value: strconv.Itoa(number)},
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func equal(what string, found, wanted int) {
	if found != wanted {
		log.Fatalf("%s: %d instead of %d", what, found, wanted)
	}
}

func main() {
	ctx := context.Background()
	settings, err := config.LoadDefaultConfig(ctx)
	check(err)
	client := dynamodb.NewFromConfig(settings, func(options *dynamodb.Options) {
		options.BaseEndpoint = aws.String(os.Getenv("SERVICE_URL"))
	})
	table := aws.String(fmt.Sprintf("Clients-%d", time.Now().UnixNano()))

	_, err = client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: table,
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("customer"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("number"), KeyType: types.KeyTypeRange},
		},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("customer"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("number"), AttributeType: types.ScalarAttributeTypeN},
		},
		BillingMode: types.BillingModePayPerRequest,
	})
	check(err)
	defer client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: table})
	check(dynamodb.NewTableExistsWaiter(client).Wait(ctx, &dynamodb.DescribeTableInput{TableName: table}, time.Minute))

	var puts []types.WriteRequest
	for number := range 25 {
		puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: order(number)}})
	}
	written, err := client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
		RequestItems: map[string][]types.WriteRequest{*table: puts},
	})
	check(err)
	equal("unprocessed", len(written.UnprocessedItems), 0)

	read, pages := 0, 0
	query := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{
		TableName:                 table,
		KeyConditionExpression:    aws.String("customer = :c"),
		ExpressionAttributeValues: item{":c": &types.AttributeValueMemberS{Value: "ada"}},
		Limit:                     aws.Int32(10),
	})
	for query.HasMorePages() {
		page, err := query.NextPage(ctx)
		check(err)
		read += len(page.Items)
		pages++
	}
	equal("items", read, 25)
	equal("pages", pages, 3)

	read = 0
	for segment := range int32(4) {
		scan := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{
			TableName: table, Segment: aws.Int32(segment), TotalSegments: aws.Int32(4),
		})
		for scan.HasMorePages() {
			page, err := scan.NextPage(ctx)
			check(err)
			read += len(page.Items)
		}
	}
	equal("scanned", read, 25)

	_, err = client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
		TransactItems: []types.TransactWriteItem{
			{Delete: &types.Delete{TableName: table, Key: order(1)}},
			{Put: &types.Put{
				TableName: table, Item: order(2), ConditionExpression: aws.String("attribute_not_exists(customer)"),
			}},
		},
	})
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		log.Fatal("not canceled: ", err)
	}
	equal("reasons", len(canceled.CancellationReasons), 2)
	if code := *canceled.CancellationReasons[1].Code; code != "ConditionalCheckFailed" {
		log.Fatal(code)
	}

	_, err = client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: table, Key: order(1)})
	check(err)
	got, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: order(1)})
	check(err)
	equal("attributes", len(got.Item), 0)

	_, err = client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("NoSuchTable"), Key: order(1)})
	var notFound *types.ResourceNotFoundException
	if !errors.As(err, &notFound) {
		log.Fatal("found: ", err)
	}
	fmt.Println("aws-sdk-go: ok")
}

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.BatchesApi;
import org.openapitools.client.api.ItemsApi;
import org.openapitools.client.api.TablesApi;
import org.openapitools.client.api.TransactionsApi;
import org.openapitools.client.model.*;

/**
 * A program that uses the client that openapi-generator makes from openapi.typed.yaml. SERVICE_URL is the address of the
 * service, SERVICE_KEY the API key; a service without AUTH=policy ignores it.
 */
public class Main {
  static final String TABLE = "ClientsJava";
  static final ApiClient client = new ApiClient();

  public static void main(String[] args) throws Exception {
    String secret = Optional.ofNullable(System.getenv("SERVICE_KEY")).orElse("none");
    client.updateBaseUri(Optional.ofNullable(System.getenv("SERVICE_URL")).orElse("http://127.0.0.1:3000"));
    client.setRequestInterceptor(request -> request.header("x-api-key", secret));
    ItemsApi items = new ItemsApi(client);
    TablesApi tables = new TablesApi(client);

    TableDescription created =
        tables
            .createTable(
                new CreateTableRequest()
                    .tableName(TABLE)
                    .attributeDefinitions(List.of(attribute("customer"), attribute("placed")))
                    .keySchema(List.of(keyOf("customer", KeyType.HASH), keyOf("placed", KeyType.RANGE)))
                    .billingMode(BillingMode.PAY_PER_REQUEST))
            .getTableDescription();
    check(TABLE.equals(created.getTableName()));

    // Numbers are strings, so every digit survives. Nothing that is not set is sent: no empty map or set.
    String digits = "12345678901234567890.12";
    Map<String, AttributeValue> key = key("ada", "2026-11-02");
    AttributeValue tags = new AttributeValue().M(Map.of("gift", new AttributeValue().BOOL(true)));
    items.putItem(
        TABLE,
        new TypedPutItemRequest()
            .item(Map.of("customer", s("ada"), "placed", s("2026-11-02"), "amount", new AttributeValue().N(digits), "tags", tags)), null);
    Map<String, AttributeValue> found = items.getItem(TABLE, new TypedGetItemRequest().key(key)).getItem();
    check(digits.equals(found.get("amount").getN()) && found.get("tags").getM().get("gift").getBOOL());

    TypedWriteAnswer updated =
        items.updateItem(
            TABLE,
            new TypedUpdateItemRequest()
                .key(key)
                .updateExpression("SET #s = :shipped")
                .expressionAttributeNames(Map.of("#s", "status"))
                .expressionAttributeValues(Map.of(":shipped", s("shipped")))
                .returnValues(ReturnValues.UPDATED_NEW), null);
    check("shipped".equals(updated.getAttributes().get("status").getS()));

    // A batch of any number of writes.
    List<String> days = IntStream.rangeClosed(1, 30).mapToObj(day -> "2026-12-%02d".formatted(day)).toList();
    List<TypedWriteRequest> writes = new ArrayList<>();
    for (String day : days)
      writes.add(new TypedWriteRequest().putRequest(new TypedPutRequest().item(key("eve", day))));
    new BatchesApi(client)
        .batchWriteItem(new TypedBatchWriteItemRequest().requestItems(Map.of(TABLE, writes)));

    // All pages of a query.
    List<String> seen = new ArrayList<>();
    Map<String, AttributeValue> start = null;
    do {
      TypedPageAnswer page =
          items.query(
              TABLE,
              new TypedQueryRequest()
                  .keyConditionExpression("customer = :c")
                  .expressionAttributeValues(Map.of(":c", s("eve")))
                  .limit(7)
                  .exclusiveStartKey(start), null);
      page.getItems().forEach(item -> seen.add(item.get("placed").getS()));
      start = page.getLastEvaluatedKey();
    } while (start != null);
    check(seen.equals(days));

    // A canceled transaction has a reason for each entry.
    TypedConditionCheck absent =
        new TypedConditionCheck().tableName(TABLE).key(key).conditionExpression("attribute_not_exists(customer)");
    try {
      new TransactionsApi(client)
          .transactWriteItems(
              new TypedTransactWriteItemsRequest()
                  .transactItems(List.of(new TypedTransactWriteItem().conditionCheck(absent))),
              "clients-java");
      check(false);
    } catch (ApiException error) {
      Problem problem = problem(error);
      check(problem.getCode() == ProblemCode.TRANSACTION_CANCELED_EXCEPTION);
      check("ConditionalCheckFailed".equals(problem.getCancellationReasons().get(0).getCode()));
    }

    // Handle an error by its code.
    try {
      items.getItem(TABLE, new TypedGetItemRequest().key(key("nobody", "2026-11-02")));
      check(false);
    } catch (ApiException error) {
      check(problem(error).getCode() == ProblemCode.ITEM_NOT_FOUND && !problem(error).getRetryable());
    }
    tables.deleteTable(TABLE);
  }

  static Problem problem(ApiException error) throws Exception {
    return client.getObjectMapper().readValue(error.getResponseBody(), Problem.class);
  }

  static Map<String, AttributeValue> key(String customer, String placed) {
    return Map.of("customer", s(customer), "placed", s(placed));
  }

  static AttributeValue s(String text) {
    return new AttributeValue().S(text);
  }

  static AttributeDefinition attribute(String name) {
    return new AttributeDefinition().attributeName(name).attributeType(ScalarAttributeType.S);
  }

  static KeySchemaElement keyOf(String name, KeyType type) {
    return new KeySchemaElement().attributeName(name).keyType(type);
  }

  static void check(boolean holds) {
    if (!holds) throw new AssertionError();
  }
}

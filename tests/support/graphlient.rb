# Asks a shop by graphlient, a GraphQL client of the Ruby world, and prints what it was told as JSON.
# It reads the whole schema first, and checks every document against it before anything is sent.
require 'graphlient'
require 'json'

client = Graphlient::Client.new(
  "#{ENV.fetch('SHOP_URL')}/graphql",
  headers: { 'Authorization' => "Bearer #{ENV.fetch('SHOP_KEY')}" }
)

place = <<~GRAPHQL
  mutation($input: PlaceOrderInput!, $key: String!) {
    placeOrder(input: $input, idempotencyKey: $key) {
      __typename
      ... on PlacedOrder { replayed order { id number status total { amount currency } createdAt } }
      ... on UserError { code message path }
    }
  }
GRAPHQL
page = <<~GRAPHQL
  query($after: String) {
    orders(first: 2, after: $after) { nodes { number items { flavor toppings } } pageInfo { hasNextPage endCursor } }
  }
GRAPHQL

def input(flavor)
  { drinks: [{ flavor: flavor, toppings: ['boba'] }], phone: '555-123-4567' }
end

told = { types: client.schema.graphql_schema.types.size }
told[:placed] = client.query(place, input: input('taro milk tea'), key: 'ruby 1').data.to_h
told[:again] = client.query(place, input: input('taro milk tea'), key: 'ruby 1').data.to_h
told[:refused] = client.query(place, input: input('coffee'), key: 'ruby 2').data.to_h

numbers = []
after = nil
loop do
  orders = client.query(page, after: after).data.orders
  numbers += orders.nodes.map(&:number)
  after = orders.page_info.end_cursor
  break unless orders.page_info.has_next_page
end
told[:numbers] = numbers

begin
  client.query('{ calls(first: 1) { nodes { id } } }')
rescue Graphlient::Errors::GraphQLError => e
  told[:forbidden] = e.message
end
begin
  client.query('{ orders(first: 1) { nodes { nothing } } }')
rescue Graphlient::Errors::ClientError => e
  told[:unknown] = e.message
end
begin
  client.query(page, after: 'nonsense')
rescue Graphlient::Errors::GraphQLError => e
  told[:nonsense] = e.message
end

puts JSON.generate(told)

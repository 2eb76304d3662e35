# Follows what happens in a shop by the websockets library of Python, and prints each event as a line of JSON. Whenever
# the connection breaks it is made again, and goes on after the last event that came.
import asyncio
import json
import os

import websockets

PROTOCOL = "graphql-transport-ws"
EVENTS = """subscription ($after: String) {
  event: orderEvents(after: $after) { type cursor order { number status } }
}"""


async def events(url, key, after):
    async with websockets.connect(url, subprotocols=[PROTOCOL], ping_interval=1) as socket:
        assert socket.subprotocol == PROTOCOL
        authorization = {"authorization": f"Bearer {key}"}
        await socket.send(json.dumps({"type": "connection_init", "payload": authorization}))
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "connection_ack":
                payload = {"query": EVENTS, "variables": {"after": after}}
                await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            elif message["type"] == "ping":
                await socket.send(json.dumps({"type": "pong"}))
            elif message["type"] == "next":
                yield message["payload"]["data"]["event"]


async def follow(url, key, after):
    while True:
        try:
            async for event in events(url, key, after):
                after = event["cursor"]
                print(json.dumps(event), flush=True)
        except (OSError, websockets.exceptions.WebSocketException):
            pass
        await asyncio.sleep(0.05)


asyncio.run(follow(os.environ["SHOP_URL"], os.environ["SHOP_KEY"], os.environ["AFTER"]))

"""A trader with the library `websockets`: python websockets_client.py URL SYMBOL."""

import asyncio
import json
import sys
import zlib

import websockets


class Trader:
    def __init__(self, socket):
        self.socket, self.next, self.passed = socket, 0, []

    async def receive(self):
        return json.loads(await asyncio.wait_for(self.socket.recv(), 20))

    async def find(self, is_meant):
        for place, message in enumerate(self.passed):
            if is_meant(message):
                return self.passed.pop(place)
        while True:
            message = await self.receive()
            if is_meant(message):
                return message
            self.passed.append(message)

    async def call(self, method, params, pieces=1):
        self.next += 1
        text = json.dumps({"method": method, "req_id": self.next, "params": params})
        if pieces == 1:
            await self.socket.send(text)
        else:
            # One message in many frames.
            size = len(text) // pieces + 1
            await self.socket.send(text[at : at + size] for at in range(0, len(text), size))
        return await self.find(lambda message: message.get("req_id") == self.next)

    async def ok(self, method, params, pieces=1):
        reply = await self.call(method, params, pieces)
        assert reply["ok"], reply
        return reply["result"]


def checksum(book):
    side = lambda levels, best: sorted(levels.items(), key=lambda level: best * level[0])[:10]
    text = lambda levels: "".join(f"{tick}:{lots}," for tick, lots in levels)
    return zlib.crc32((text(side(book["asks"], 1)) + "|" + text(side(book["bids"], -1))).encode())


def apply(book, message):
    if message["type"] == "snapshot":
        book.update(asks={}, bids={})
    else:
        assert message["prev_seq"] == book["seq"], message
    for name in ("asks", "bids"):
        for price, lots in message["data"].get(name, []):
            whole, part = price.split(".")
            tick = int(whole) * 10_000 + int(part)
            book[name][tick] = int(lots)
            if lots == "0":
                del book[name][tick]
    book["seq"] = message["seq"]
    assert checksum(book) == message["data"]["crc"], (book, message)


async def main(url, symbol):
    async with websockets.connect(url, subprotocols=["hourbook.json.v1"]) as socket:
        assert socket.subprotocol == "hourbook.json.v1"
        trader = Trader(socket)
        hello = await trader.receive()
        assert (hello["channel"], hello["type"], hello["data"]["mode"]) == ("status", "hello", "dev"), hello
        await trader.ok("login", {"token": "dev:ann"})
        subs = [{"channel": "book", "symbol": symbol}, {"channel": "executions"}]
        await trader.ok("subscribe", {"subs": subs})
        book = {"seq": 0}
        is_book = lambda message: message.get("channel") == "book" and message["type"] != "checkpoint"
        apply(book, await trader.find(is_book))
        for number in range(20):
            order = {"symbol": symbol, "side": "buy", "type": "limit", "price": f"0.{5000 + number}", "qty": "2"}
            placed = await trader.ok("add_order", dict(order, cl_ord_id=f"py-{number}"), pieces=1 + number)
            assert placed["status"] == "open", placed
            apply(book, await trader.find(is_book))
        told = [await trader.find(lambda message: message.get("channel") == "executions") for _ in range(21)]
        assert [one["type"] for one in told] == ["snapshot"] + 20 * ["update"]
        assert all(one["prev_xseq"] == before["xseq"] for before, one in zip(told, told[1:]))
        refused = await trader.call("add_order", dict(order, postonly=True))
        assert refused["error"]["code"] == "UNKNOWN_FIELD", refused
        assert len((await trader.ok("cancel_all", {}))["canceled"]) == 20
        while book["bids"]:
            apply(book, await trader.find(is_book))
        pong = await socket.ping(b"are you there")
        await asyncio.wait_for(pong, 20)
        await trader.ok("logout", {})
        try:
            while True:
                await asyncio.wait_for(socket.recv(), 20)
        except websockets.exceptions.ConnectionClosed as closed:
            assert closed.rcvd.code == 1000, closed
    print("ok")


asyncio.run(main(*sys.argv[1:3]))

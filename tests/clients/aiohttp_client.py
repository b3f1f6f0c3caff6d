"""A trader with the library `aiohttp`, over HTTP and a websocket: python aiohttp_client.py URL SYMBOL."""

import asyncio
import json
import sys

import aiohttp


async def main(url, symbol):
    base = url.replace("ws://", "http://").removesuffix("/ws/v1")
    token = {"HB-Token": "dev:ann"}
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout) as session:

        async def post(method, params, headers=token):
            async with session.post(f"{base}/rpc/v1/{method}", json=params, headers=headers) as answer:
                return answer.status, await answer.json()

        async def get(path):
            async with session.get(base + path) as answer:
                assert answer.status == 200, (path, answer.status)
                return (await answer.json())["result"]

        async with session.ws_connect(url, heartbeat=1) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            subs = [{"channel": "trades", "symbol": symbol}]
            await socket.send_json({"method": "subscribe", "req_id": 1, "params": {"subs": subs}})
            assert (await socket.receive_json())["ok"]
            order = {"symbol": symbol, "side": "buy", "type": "limit", "price": "0.7000", "qty": "3", "cl_ord_id": "aio-1"}
            status, first = await post("add_order", order)
            assert (status, first["result"]["status"]) == (200, "open"), first
            # The reply is lost; it is sent again.
            status, again = await post("add_order", order)
            assert again["result"]["duplicate"] and again["result"]["order_id"] == first["result"]["order_id"]
            book = await get(f"/v1/book/{symbol}?depth=10")
            assert ["0.7000", "3"] in book["bids"], book
            sell = {"symbol": symbol, "side": "sell", "type": "limit", "price": "0.7000", "qty": "3"}
            status, sold = await post("add_order", sell, {"HB-Token": "dev:pat"})
            assert (status, sold["result"]["status"]) == (200, "filled"), sold
            while True:
                message = json.loads((await socket.receive(timeout=20)).data)
                if message.get("channel") == "trades":
                    break
            assert message["data"][0]["qty"] == "3", message
            assert (await get(f"/v1/trades/{symbol}"))["trades"][-1] == message["data"][0]
        status, refused = await post("add_order", dict(sell, qty="x"))
        assert (status, refused["error"]["code"]) == (400, "BAD_DECIMAL"), refused
        status, refused = await post("balances", {}, {})
        assert (status, refused["error"]["code"]) == (401, "AUTH_REQUIRED"), refused
        # Many connections at once.
        answers = await asyncio.gather(*(get("/v1/status") for _ in range(50)))
        assert all(answer["system"] == "online" for answer in answers)
        async with session.get(f"{base}/metrics") as answer:
            assert "hourbook_commands_total" in await answer.text()
    print("ok")


asyncio.run(main(*sys.argv[1:3]))

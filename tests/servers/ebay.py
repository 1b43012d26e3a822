"""The Browse API on loopback, over recorded search results: token, search with pages, quota."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from tests.servers.web import Answer, Asked, Web


class Browse:
    """Serves `files` (search term -> itemSummaries); seller names are random in the recordings and not served."""

    def __init__(self, web: Web, files: dict[str, list[dict[str, Any]]]) -> None:
        self.web, self.files = web, files
        self.fail_next: list[Answer] = []
        web.route("/identity/v1/oauth2/token", self.token)
        web.route("/buy/browse/v1/item_summary/search", self.search)

    def token(self, asked: Asked) -> Answer:
        right = "Basic " + b64encode(b"demo:demo").decode()
        if asked.method != "POST" or asked.headers.get("authorization") != right or b"client_credentials" not in asked.body:
            return Answer('{"error":"invalid_client"}', 401, {"Content-Type": "application/json"})
        return Answer('{"access_token":"t0ken","expires_in":7200}', headers={"Content-Type": "application/json"})

    def search(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != "Bearer t0ken":
            return Answer('{"errors":[{"message":"Invalid access token"}]}', 401, {"Content-Type": "application/json"})
        if self.fail_next:
            return self.fail_next.pop(0)
        items = self.files.get(asked.query["q"], [])
        offset, limit = int(asked.query.get("offset", 0)), min(int(asked.query.get("limit", 50)), 200)
        page = [{k: v for k, v in item.items() if k != "seller"} | {"seller": without_name(item)} for item in items[offset : offset + limit]]
        answer: dict[str, Any] = {"href": asked.path, "total": len(items), "limit": limit, "offset": offset}
        if page:
            answer["itemSummaries"] = page
        if offset + limit < len(items):
            answer["next"] = f"https://api.ebay.com{asked.path}?q={asked.query['q']}&limit={limit}&offset={offset + limit}"
        return Answer(json.dumps(answer), headers={"Content-Type": "application/json"})


def without_name(item: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in item.get("seller", {}).items() if k != "username"}

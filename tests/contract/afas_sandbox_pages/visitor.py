"""A browser without a screen: calls an application in this process, keeps cookies, follows redirects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

from starlette.applications import Starlette

ORIGIN = "http://127.0.0.1:8101"
Fields = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Page:
    """An answer: the last one, after redirects."""

    status: int
    headers: dict[str, str]
    path: str
    html: str

    @property
    def text(self) -> str:
        """The page with its marks, but with readable characters."""
        return unescape(self.html)


class Visitor:
    """Somebody who looks at pages and fills in forms."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self.cookies: dict[str, str] = {}

    async def get(self, path: str) -> Page:
        return await self._go("GET", path, b"", {})

    async def post(
        self, path: str, fields: Fields | None = None, headers: Mapping[str, str] | None = None
    ) -> Page:
        """Send a form as a page of the application itself does; `headers` replace what a browser says."""
        body = urlencode(fields or {}, doseq=True).encode()
        said = {
            "origin": ORIGIN,
            "content-type": "application/x-www-form-urlencoded",
            "content-length": str(len(body)),
        }
        return await self._go("POST", path, body, said | dict(headers or {}))

    async def call(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Page:
        """One request, without following."""
        parts = urlsplit(path)
        said = {"host": urlsplit(ORIGIN).netloc, "cookie": self._cookie_line()} | dict(headers)
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(parts.path),
            "raw_path": quote(parts.path, safe="/%").encode(),
            "root_path": "",
            "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in said.items() if value],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8101),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        start = sent[0]
        answered = {name.decode(): value.decode() for name, value in start["headers"]}
        self._keep_cookies([value.decode() for name, value in start["headers"] if name == b"set-cookie"])
        html = b"".join(message.get("body", b"") for message in sent[1:]).decode()
        return Page(start["status"], answered, path, html)

    async def _go(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Page:
        page = await self.call(method, path, body, headers)
        while page.status == 303:
            target = urlsplit(urljoin(ORIGIN + path, page.headers["location"]))
            assert f"{target.scheme}://{target.netloc}" == ORIGIN
            path = f"{target.path}?{target.query}" if target.query else target.path
            page = await self.call("GET", path, b"", {})
        return page

    def _cookie_line(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _keep_cookies(self, lines: Sequence[str]) -> None:
        for line in lines:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value

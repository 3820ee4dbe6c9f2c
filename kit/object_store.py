"""The object store behind a plain S3 interface: put, get, exists, folders. Nothing of one vendor."""

import io
import logging
import threading
from collections.abc import Iterator
from typing import Protocol

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from kit.settings import ObjectStoreSettings, refuse

logger = logging.getLogger(__name__)


class StoreAway(Exception):
    """The store did not answer, or not as a store should: try again later."""


class ObjectMissing(LookupError):
    """There is no object of that key."""


class ObjectStore(Protocol):
    """What services need of a store. A put under the same key replaces; callers put only what is derived, so it is the same."""

    def put(self, key: str, content: bytes, media_type: str = "application/octet-stream") -> None:
        """Keeps the content. Raises StoreAway."""

    def get(self, key: str) -> bytes:
        """The content. Raises ObjectMissing, StoreAway."""

    def exists(self, key: str) -> bool:
        """Whether there is an object. Raises StoreAway."""

    def folders(self, within: str) -> list[str]:
        """Names of what lies right under a folder and has something under it, sorted. Raises StoreAway."""


def get_patiently(store: ObjectStore, key: str, stop: threading.Event) -> bytes | None:
    """The content, waiting while the store is away; None where there is no such object, or `stop` came first."""
    pause = 0.2
    while not stop.is_set():
        try:
            return store.get(key)
        except ObjectMissing:
            return None
        except StoreAway:
            logger.warning("object_store_away")
            stop.wait(pause)
            pause = min(pause * 2, 5.0)
    return None


class S3ObjectStore:
    """Over the `minio` client; may be used by many threads."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client, self._bucket = client, bucket

    @classmethod
    def connect(cls, settings: ObjectStoreSettings, *, connections: int = 16) -> "S3ObjectStore":
        """Makes the client; nothing is sent yet. Ends the process where there are no keys to show."""
        if not settings.s3_access_key or not settings.s3_secret_key.get_secret_value():
            refuse("S3_ACCESS_KEY, S3_SECRET_KEY", f"needed for the object store at {settings.s3_endpoint}")
        address = urllib3.util.parse_url(settings.s3_endpoint)
        pool = urllib3.PoolManager(
            maxsize=connections,
            timeout=urllib3.Timeout(connect=2, read=20),
            retries=urllib3.Retry(total=1, backoff_factor=0.1, status_forcelist=(500, 502, 503, 504)),
        )
        client = Minio(
            address.netloc or "",
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key.get_secret_value(),
            secure=address.scheme == "https",
            # Without a region every first request asks the server for it.
            region="us-east-1",
            http_client=pool,
        )
        return cls(client, settings.s3_bucket)

    def prepare(self) -> None:
        """Makes the bucket where it is missing. Raises StoreAway."""
        try:
            if not self._client.bucket_exists(self._bucket):
                self._client.make_bucket(self._bucket)
        except S3Error as error:
            if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise StoreAway from error
        except (MinioException, HTTPError) as error:
            raise StoreAway from error

    def put(self, key: str, content: bytes, media_type: str = "application/octet-stream") -> None:
        """Keeps the content. Raises StoreAway."""
        try:
            self._client.put_object(self._bucket, key, io.BytesIO(content), len(content), content_type=media_type)
        except (MinioException, HTTPError) as error:
            raise StoreAway from error

    def get(self, key: str) -> bytes:
        """The content. Raises ObjectMissing, StoreAway."""
        return self.get_with_type(key)[0]

    def get_with_type(self, key: str) -> tuple[bytes, str]:
        """Content and media type, for who copies it elsewhere. Raises ObjectMissing, StoreAway."""
        try:
            response = self._client.get_object(self._bucket, key)
            try:
                return bytes(response.read()), response.headers.get("Content-Type", "application/octet-stream")
            finally:
                response.close()
                response.release_conn()
        except S3Error as error:
            if error.code in ("NoSuchKey", "NoSuchBucket"):
                raise ObjectMissing(key) from None
            raise StoreAway from error
        except (MinioException, HTTPError) as error:
            raise StoreAway from error

    def keys(self) -> Iterator[str]:
        """Every object's key, for who copies them all. Raises StoreAway."""
        try:
            for each in self._client.list_objects(self._bucket, recursive=True):
                if each.object_name and not each.is_dir:
                    yield each.object_name
        except (MinioException, HTTPError) as error:
            raise StoreAway from error

    def exists(self, key: str) -> bool:
        """Whether there is an object. Raises StoreAway."""
        try:
            self._client.stat_object(self._bucket, key)
        except S3Error as error:
            if error.code in ("NoSuchKey", "NoSuchObject", "NoSuchBucket"):
                return False
            raise StoreAway from error
        except (MinioException, HTTPError) as error:
            raise StoreAway from error
        return True

    def folders(self, within: str) -> list[str]:
        """Names of what lies right under a folder and has something under it, sorted. Raises StoreAway."""
        try:
            found = list(self._client.list_objects(self._bucket, prefix=f"{within}/", recursive=False))
        except (MinioException, HTTPError) as error:
            raise StoreAway from error
        return sorted(each.object_name.rstrip("/").rpartition("/")[2] for each in found if each.is_dir)

    def check(self) -> str | None:
        """Readiness: None when the bucket answers."""
        try:
            return None if self._client.bucket_exists(self._bucket) else "no-bucket"
        except (MinioException, HTTPError):
            return "store-away"


class MemoryObjectStore:
    """The fake, for unit tests; passes the same suite as the real one. `away` makes every call raise StoreAway."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.away = False
        self._lock = threading.Lock()

    def put(self, key: str, content: bytes, media_type: str = "application/octet-stream") -> None:
        """Keeps the content. Raises StoreAway."""
        with self._reached():
            self.objects[key] = bytes(content)

    def get(self, key: str) -> bytes:
        """The content. Raises ObjectMissing, StoreAway."""
        with self._reached():
            if key not in self.objects:
                raise ObjectMissing(key)
            return self.objects[key]

    def exists(self, key: str) -> bool:
        """Whether there is an object. Raises StoreAway."""
        with self._reached():
            return key in self.objects

    def folders(self, within: str) -> list[str]:
        """Names of what lies right under a folder and has something under it, sorted. Raises StoreAway."""
        with self._reached():
            below = (key.removeprefix(f"{within}/") for key in self.objects if key.startswith(f"{within}/"))
            return sorted({name.partition("/")[0] for name in below if "/" in name})

    def _reached(self) -> threading.Lock:
        if self.away:
            raise StoreAway
        return self._lock

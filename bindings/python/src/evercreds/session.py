"""Sessions whose credentials are always fresh, and the factory that makes them."""

from __future__ import annotations

import datetime
import inspect
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, overload

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ProfileNotFound

from evercreds._boto3.arguments import (
    base_credentials,
    check_boto3_arguments,
    refuse_beside_source,
)
from evercreds._boto3.base import BaseCredentials, provide
from evercreds._boto3.chain import credentials_of
from evercreds._boto3.credentials import LeasedCredentials
from evercreds._boto3.hooks import RejectionWatch
from evercreds._boto3.presigned import PresignedWatch
from evercreds._boto3.sessions import derived_session
from evercreds._errors.frames import calls_user_code, forget_variables
from evercreds._host.events import SessionEvent
from evercreds._host.host import Host
from evercreds._host.said import begin_with, trouble_sentence
from evercreds._host.source import Source
from evercreds._host.status import SessionStatus
from evercreds._library import abi_generated as abi
from evercreds._library.machine import OptionRefusedError
from evercreds._library.needs import Patience
from evercreds._library.options import DEFAULTS, given_as, options_from, refused
from evercreds._session.given import as_dict, need_of, patience_of
from evercreds._session.methods import METHODS, checked_name, make, register
from evercreds._session.own_client import OwnClient
from evercreds._session.recipes import Recipe
from evercreds._session.shapes import Identity, TemporaryCredentials
from evercreds._session.sharing import group_of, is_shared
from evercreds._session.signatures import signature_of, signature_of_factory
from evercreds._sources.custom import CustomSource
from evercreds.cache import Session as CachingSession
from evercreds.errors import (
    EvercredsConfigurationError,
    EvercredsValidationError,
)

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from evercreds._session import made
    from evercreds._session.parameters import CustomParameters, IoTParameters, STSParameters
    from evercreds._session.shapes import SessionOptions
    from evercreds.methods.custom import CustomRefreshableSession
    from evercreds.methods.iot.x509 import IOTX509RefreshableSession
    from evercreds.methods.sts import STSRefreshableSession

__all__ = ["RefreshableSession"]

_S = TypeVar("_S", bound="_Session")
_SECRET_KEYS = ("aws_secret_access_key", "aws_session_token")
MYPY = False  # which mypy takes for True


class _Factory(type):
    """Has ``RefreshableSession(method=...)`` make a session of that method's class."""

    if not TYPE_CHECKING:  # type checkers look at __new__ and __init__

        @property
        def __signature__(cls):
            """What ``inspect.signature`` and ``help`` show, every parameter with its default."""
            return signature_of_factory() if cls is RefreshableSession else signature_of(cls)

        @calls_user_code  # such as the constructor of a class below
        def __call__(cls, *args, **kwargs):
            try:
                if cls is not RefreshableSession:
                    made = super().__call__(*args, **kwargs)
                    made._recipe = Recipe(cls, args, kwargs, made.__dict__.pop("_keys"))
                    return made
                if len(args) > 1:
                    raise TypeError(
                        "RefreshableSession() takes only method as a positional argument"
                    )
                return make(*args, **kwargs)
            except Exception as error:
                # There may be keys among the arguments.
                args = kwargs = None
                forget_variables(error)
                if isinstance(error, ProfileNotFound):
                    begin_with(trouble_sentence("no_profile"), error)
                raise


class _Session(CachingSession, metaclass=_Factory):
    """The common base of the sessions of all methods."""

    # Whose defaults in the library hold: those of the method that a class is derived from.
    _rules_of: ClassVar[int] = abi.Method.CUSTOM
    refresh_method: ClassVar[str] = "custom"
    """The method's name, which libraries see in ``credentials.method``."""

    def __init_subclass__(
        cls, *, method: str | None = None, refresh_method: str | None = None, **kwargs: Any
    ) -> None:
        """Register a class under the name of its method.

        Args:
            method: Its name for the factory. Default: none; then only the class itself makes
                sessions of its kind.
            refresh_method: What ``credentials.method`` says. Default: method, or that of the
                class that this one is derived from.
            **kwargs: For the other base classes.

        Raises:
            EvercredsValidationError: method or refresh_method is not a text, or is empty.
            EvercredsConfigurationError: method is one of this package's own, or the class has no
                ``fetch_credentials``.
        """
        super().__init_subclass__(**kwargs)
        if refresh_method is not None:
            cls.refresh_method = checked_name("refresh_method", refresh_method)
        elif method is not None:
            cls.refresh_method = checked_name("method", method)
        if method is not None:
            given = cls.fetch_credentials, cls._make_source
            is_complete = given != (_Session.fetch_credentials, _Session._make_source)
            register(cls, checked_name("method", method), is_complete=is_complete)

    _takes_source: ClassVar[bool] = True
    """Whether the method uses base credentials."""

    _host: Host
    _leased: LeasedCredentials
    _recipe: Recipe
    _keys: tuple[str, ...]

    def __init__(self, *, source: RefreshableSession | None = None, **kwargs: Any) -> None:
        arguments = {name: kwargs.pop(name, default) for name, default in DEFAULTS.items()}
        check_boto3_arguments(kwargs, of=type(self))
        # For the recipe, which takes them away.
        self._keys = tuple(key for name in _SECRET_KEYS if (key := kwargs.get(name)))
        if source is not None:
            self._check_source(source, kwargs)
        options = options_from(self._rules_of, arguments)
        self.defer_refresh: bool = arguments["defer_refresh"]
        self.advisory_timeout: int | str | None = arguments["advisory_timeout"]
        self.mandatory_timeout: int | None = arguments["mandatory_timeout"]
        if source is None:
            base = base_credentials(kwargs)
        else:
            base = credentials_of(source._session, source._leased, kwargs.get("region_name"))
        signing = derived_session(base.session)
        self._has_boto3_handlers = signing.user_agent_name == "Boto3"
        super().__init__(
            botocore_session=signing,
            region_name=kwargs.get("region_name"),
            profile_name=kwargs.get("profile_name"),
        )
        self._own_client = OwnClient()
        try:
            made = self._make_source(base, arguments["refresh_timeout"])
            group = group_of(arguments, made) if is_shared(arguments) else None
            if group is not None:
                options += group.options
                made.share_with(group)
            self._host = Host(
                made, options, runs_in_callers=arguments["refresh_in"] == "caller", group=group
            )
            self._leased = LeasedCredentials(self._host, self.refresh_method, base)
            provide(signing, self._leased)
            RejectionWatch(self._host).watch(signing)
            PresignedWatch(self._host).watch(signing)
            # Last: an eager session's source may use clients of the session already.
            self._host.open()
        except OptionRefusedError as error:
            raise refused(error.option, arguments[abi.OPTION_NAMES[error.option]]) from None

    def _register_default_handlers(self) -> None:
        """Register what boto3 adds to clients, but not a second time.

        They are there already where the given botocore session belongs to a boto3 session, and
        boto3 cannot make an S3 client with two of each.
        """
        if not self._has_boto3_handlers:
            super()._register_default_handlers()  # pyright: ignore[reportAttributeAccessIssue]

    def _check_source(self, source: object, others: Mapping[str, Any]) -> None:
        if not isinstance(source, _Session):
            raise EvercredsValidationError(
                f"source must be a RefreshableSession, got {given_as(source)}", param="source"
            )
        if not self._takes_source:
            raise EvercredsConfigurationError(
                f"{type(self).__name__} takes no source: it has no use for base credentials",
                param="source",
            )
        refuse_beside_source(others)
        if source.status().closed:
            raise EvercredsConfigurationError("source must not be a closed session", param="source")

    def _setup_loader(self) -> None:
        """Have boto3 add its data to the search paths, but not a second time.

        A loader of the user's may serve many sessions.
        """
        super()._setup_loader()
        paths = self._session.get_component("data_loader").search_paths
        if paths and paths.count(paths[-1]) > 1:
            paths.pop()

    def _make_source(self, base: BaseCredentials, timeout_s: float | None) -> Source:
        """Make what gets this session's credentials."""
        return CustomSource(self.fetch_credentials, {}, name="fetch_credentials")

    def fetch_credentials(self) -> Any:
        """Fetch one set of credentials. Define this in a session class of your own.

        Each refresh calls it, in a thread of its own. There, clients of this session sign with
        the base credentials. An eager session calls it before its constructor returns.

        Returns:
            A dict with ``access_key``, ``secret_key``, ``token`` and ``expiry_time`` (an aware
            datetime, an ISO 8601 text with an offset, or ``"never"``), like a function for
            ``method="custom"``; or a coroutine that returns such a dict.

        Raises:
            Exception: Whatever you raise is the callers' error.
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not define fetch_credentials (to get the credentials "
            "that a session has, call refreshable_credentials)"
        )

    def __copy__(self: _S) -> _S:
        """Give this session: it is one however often it is referred to."""
        return self

    def __deepcopy__(self: _S, memo: object) -> _S:
        """Give this session, as ``copy.copy`` does."""
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Give a recipe: what another process makes a session like this one with.

        Raises:
            TypeError: An argument of this session is or holds a key, or cannot be pickled.
        """
        return self._recipe.reduced()

    def _identity_client(self, parameters: Mapping[str, Any]) -> Any:
        return self._own_client.of(self, parameters)

    @classmethod
    def get_available_methods(cls) -> list[str]:
        """List the methods that the factory accepts."""
        return list(METHODS)

    @property
    def credentials(self) -> TemporaryCredentials:
        """The current credentials; the same as :meth:`refreshable_credentials`."""
        return self.refreshable_credentials()

    def refreshable_credentials(self) -> TemporaryCredentials:
        """Return the current credentials; refresh them first if that is due.

        Raises:
            Exception: There are no valid credentials: what the source raised, or an
                EvercredsCredentialError.
        """
        return as_dict(self._host.obtain())

    def credentials_for(
        self,
        min_ttl: float | datetime.timedelta = 0,
        *,
        other_than: Mapping[str, Any] | ReadOnlyCredentials | None = None,
        timeout: float | datetime.timedelta | None = None,
    ) -> TemporaryCredentials:
        """Return credentials that meet this caller's need; wait if that takes a refresh.

        Args:
            min_ttl: The least time that they must be valid: seconds, or a timedelta. Default: 0.
            other_than: Credentials of this session that a service refused to this caller, as a dict
                or as botocore's object. It is for code that signs by itself; the session's
                clients report refused credentials themselves. Other callers keep theirs.
            timeout: How long this caller waits: seconds, or a timedelta. Then it gets the
                held credentials, if they meet its need, or a TimeoutError; the refresh goes on.
                Default: the session's own limits (``refresh_timeout``, ``max_wait``).

        Raises:
            EvercredsValidationError: min_ttl is not a time from 0 to 36 hours, other_than is not a
                set of credentials, or timeout is not a time of at least 0.
            TimeoutError: timeout is over, and no credentials meet the need.
            Exception: As for :meth:`refreshable_credentials`; an EvercredsCredentialError with
                the code ``"min_ttl"`` if even new credentials have less time, and with
                ``"rejected"`` if there are no others yet.
        """
        need, patience = need_of(min_ttl, other_than), self._patience(timeout)
        return as_dict(self._host.obtain(need, patience))

    def refresh(self) -> None:
        """Refresh now, or join the refresh under way.

        Raises:
            Exception: The refresh failed; the held credentials stay. See
                :meth:`refreshable_credentials`.
        """
        self._host.refresh()

    async def async_credentials(
        self,
        min_ttl: float | datetime.timedelta = 0,
        *,
        other_than: Mapping[str, Any] | ReadOnlyCredentials | None = None,
        timeout: float | datetime.timedelta | None = None,
    ) -> TemporaryCredentials:
        """Do the same as :meth:`credentials_for`, without blocking the event loop.

        Coroutines of all loops and threads wait for the same refresh, which runs in a thread of
        its own. Cancelling one of them leaves the refresh to the others.

        Args:
            min_ttl: As for :meth:`credentials_for`.
            other_than: As for :meth:`credentials_for`.
            timeout: As for :meth:`credentials_for`.

        Raises:
            EvercredsValidationError: As for :meth:`credentials_for`.
            TimeoutError: As for :meth:`credentials_for`.
            Exception: As for :meth:`credentials_for`.
        """
        need, patience = need_of(min_ttl, other_than), self._patience(timeout)
        return as_dict(await self._host.obtain_in_loop(need, patience))

    def _patience(self, timeout: float | datetime.timedelta | None) -> Patience:
        return patience_of(timeout, self._host.now_ms())

    async def async_refresh(self) -> None:
        """Do the same as :meth:`refresh`, without blocking the event loop.

        Raises:
            Exception: As for :meth:`refresh`.
        """
        await self._host.refresh_in_loop()

    def invalidate(self) -> None:
        """Drop the held credentials for all callers: the next caller waits for new ones.

        The session's clients report refused credentials themselves, each for itself; use this for
        what they cannot know. Repeated calls, each within a minute of a new set, space the
        refreshes: by 5 seconds at first, and 5 minutes at most.
        """
        self._host.invalidate()

    def status(self) -> SessionStatus:
        """Return the session's state; this fetches nothing. Spans in it are seconds."""
        return self._host.status()

    def on(
        self,
        event: Literal[
            "start", "refresh", "failure", "rejection", "degraded", "warning", "share", "close"
        ],
        listener: Callable[[SessionEvent], object],
    ) -> Callable[[], None]:
        """Call a function whenever an event happens, from then on.

        ::

            session.on("failure", lambda event: count(event.role, event.aws_error_code))

        It is called after the log, in the thread that the event comes from, which may be a
        caller's, with no lock held; it may use the session. One that hangs keeps that thread, and
        what is told later waits for it. One that raises is told of in the log, once.

        Args:
            event: Which: docs/reference/host.md says when each is told.
            listener: Takes the event, and is no coroutine function.

        Returns:
            A function that takes the listener out again.

        Raises:
            EvercredsValidationError: There is no such event, or listener cannot be called.
        """
        if event not in abi.EVENTS:
            raise EvercredsValidationError(
                f"event must be one of {', '.join(abi.EVENTS)}, got {given_as(event)}",
                param="event",
            )
        if not callable(listener) or inspect.iscoroutinefunction(listener):
            raise EvercredsValidationError(
                f"listener must be a function, and no coroutine function, got {given_as(listener)}",
                param="listener",
            )
        return self._host.on(event, listener)

    def close(self) -> None:
        """End the session. Waiting and later callers get an EvercredsCredentialError with the
        code ``"closed"``."""
        self._host.close()
        self.clear_cache()

    def __enter__(self: _S) -> _S:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self: _S) -> _S:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()  # this waits for nobody

    def get_identity(self) -> Identity:
        """Return who this session is: ``Account``, ``Arn`` and ``UserId``.

        Raises:
            Exception: As for :meth:`refreshable_credentials`, or STS's ``GetCallerIdentity``
                failed.
        """
        return dict(self._identity_client({}).get_caller_identity())

    def whoami(self) -> Identity:
        """Return who this session is; the same as :meth:`get_identity`."""
        return self.get_identity()


class RefreshableSession(_Session):
    """A ``boto3.Session`` whose temporary credentials are always fresh. Safe for many threads.

    The class is also a factory: calling it returns an instance of the method's class, which is a
    subclass of this one.

    Args:
        method: Where credentials come from: ``"sts"`` (default), ``"custom"``, or ``"iot"``,
            which needs the packages of ``evercreds[iot]``. Each has parameters of its own; see
            :class:`~evercreds.methods.sts.STSRefreshableSession`,
            :class:`~evercreds.methods.custom.CustomRefreshableSession` and
            :class:`~evercreds.methods.iot.x509.IOTX509RefreshableSession`. Or a method of yours:
            ``class VaultSession(RefreshableSession, method="vault")``, with
            :meth:`fetch_credentials`, makes ``"vault"`` one.
        defer_refresh: ``True`` (default): nothing is fetched before credentials are needed.
            ``False``: the constructor fetches, and later refreshes need no caller.
        advisory_timeout: Seconds before expiry at which background refreshes begin; nobody waits
            for them. Or ``"auto"``: by the lifetime. Default: 900.
        mandatory_timeout: Seconds before expiry at which callers begin to wait for a refresh.
            Default: 600.
        policy: ``"classic"`` (default), ``"adaptive"`` or ``"aws2026"``: it sets the defaults
            of the other parameters.
        stability: What callers get when a required refresh fails: ``"strict"`` the error,
            ``"until_expiry"`` (default) the held credentials, ``"static"`` these past expiry too.
        advisory_refresh: ``"background"`` (default), or ``"inline"``: one caller runs it. In AWS
            Lambda ``"inline"`` is the default.
        refresh_timeout: Seconds that a refresh may take. Default: 60 for sts and iot, 900 for
            custom.
        jitter: Draw each refresh point, so that a fleet does not refresh at once. Default: False.
        max_stale: Seconds past expiry for which ``"static"`` serves. Default: no bound.
        max_wait: Seconds, up to 3600, that a caller without valid credentials waits for the next
            attempt to begin, before it gets an error. Default: 30; 0, the error at
            once, under ``"aws2026"``, and where ``"inline"`` is the default of AWS Lambda.
        attended: ``True``: a person gives a code for each refresh. Then no refresh starts unless
            somebody waits, and refresh_timeout counts from the answer. Default: False.
        refresh_in: Where a refresh runs that a caller waits for: ``"worker"`` (default), in a
            thread of its own, or ``"caller"``, in the thread of the first caller who waits, which
            is for tracing and other things that belong to a thread. The others wait as ever. That
            caller waits until the source returns, even past ``refresh_timeout`` and its own
            ``timeout``. Refreshes without a waiting thread, in the background or for coroutines,
            run in a thread of their own all the same.
        share: Share refreshes with other processes that mean the same credentials: ``True`` (a
            directory of this user's), a directory, or a store of :mod:`evercreds.share`. One of
            them calls the source, and the others take its credentials; where the store fails,
            each refreshes for itself. Needs ``evercreds[share]``. Default: not shared.
        share_key: What seals the credentials in the store: 32 bytes, a list of such keys (the
            first seals, all open), or a function that returns either. Who has it may use all
            credentials of the group. Default, for a directory only: one in the directory itself.
        share_name_key: The key that names what is shared, and seals nothing. Default: the last of
            share_key. It stays the same while keys are rotated.
        share_id: A name for the credentials of a function, which all that share them give.
        share_wait: Seconds, up to 60, that callers may wait for another process's refresh.
            Default: 10.
        share_turn: Seconds, 1 to 30, that another process waits before it takes the refresh over
            from one that does not answer. Default: 5.
        share_principal: Names who calls AssumeRole; credentials are shared only with the same
            caller. Default: the access key of long-term keys, the parent of a chain, or what one
            GetCallerIdentity says.
        source: A session whose credentials are the base credentials of this one, which is how
            roles are chained; its region is the default of this one's. Each refresh asks it for
            credentials that are valid for at least a minute.
        **kwargs: The arguments of ``boto3.Session``. Keys and profile are the base credentials,
            which sign the session's own calls. A ``botocore_session`` is not changed.

    Raises:
        EvercredsValidationError: An argument has the wrong type or is out of range; ``param``
            names it.
        EvercredsConfigurationError: Arguments exclude each other; ``param`` names them.
        TypeError: An argument is missing, or its name is unknown.
    """

    if TYPE_CHECKING:
        # mypy looks at __init__ alone, pyright at __new__ first. The last line of each is for
        # methods that users register, and for classes below.
        @overload
        def __new__(
            cls, method: Literal["sts"] = ..., **kwargs: Unpack[STSParameters]
        ) -> made.STSRefreshableSession: ...
        @overload
        def __new__(
            cls, method: Literal["custom"], **kwargs: Unpack[CustomParameters]
        ) -> made.CustomRefreshableSession: ...
        @overload
        def __new__(
            cls, method: Literal["iot"], **kwargs: Unpack[IoTParameters]
        ) -> made.IOTX509RefreshableSession: ...
        @overload
        def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
        def __new__(cls, *args: Any, **kwargs: Any) -> Any: ...

        @overload
        def __init__(
            self: STSRefreshableSession,
            method: Literal["sts"] = ...,
            **kwargs: Unpack[STSParameters],
        ) -> None: ...
        @overload
        def __init__(
            self: CustomRefreshableSession,
            method: Literal["custom"],
            **kwargs: Unpack[CustomParameters],
        ) -> None: ...
        @overload
        def __init__(
            self: IOTX509RefreshableSession,
            method: Literal["iot"],
            **kwargs: Unpack[IoTParameters],
        ) -> None: ...

        if not MYPY:
            # Where an argument is Any, pyright does not know which __new__ it is, and looks here.
            @overload
            def __init__(
                self, method: Literal["sts"] = ..., **kwargs: Unpack[STSParameters]
            ) -> None: ...
            @overload
            def __init__(
                self, method: Literal["custom"], **kwargs: Unpack[CustomParameters]
            ) -> None: ...
            @overload
            def __init__(self, method: Literal["iot"], **kwargs: Unpack[IoTParameters]) -> None: ...

        @overload
        def __init__(self, method: str = ..., **kwargs: Unpack[SessionOptions]) -> None: ...
        def __init__(self, method: str = ..., **kwargs: Any) -> None: ...

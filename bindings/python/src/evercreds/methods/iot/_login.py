"""TLS contexts whose private key a token has: each of them is a login of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evercreds.errors import EvercredsConfigurationError
from evercreds.methods.iot._crt import error_name
from evercreds.methods.iot._libraries import Library, loaded_library
from evercreds.methods.iot._pins import is_pin_refusal, one_login, remember_refusal
from evercreds.methods.iot._pkcs11 import Token

__all__ = ["Login", "is_of_token", "token_problem"]


class Login:
    """A context that was made by logging in to a token, and the library that it needs."""

    def __init__(self, context: Any, library: Library, generation: int) -> None:
        self.context = context
        self.library = library
        self._generation = generation

    @classmethod
    def new(cls, token: Token, make: Callable[[Any], Any]) -> Login:
        """Log in, and if there is no such token have the library look for it anew, once.

        Args:
            token: The token.
            make: Makes the context with the library's handle.

        Returns:
            The login, of which a use has begun: ``library.leave`` ends it.

        Raises:
            EvercredsConfigurationError: The token is not there, or does not let its key be used.
        """
        library = loaded_library(token.library)
        for may_look_anew in (True, False):
            generation = library.enter()
            try:
                return cls(_made(token, make, library), library, generation)
            except BaseException as error:
                library.leave()
                name = error_name(error)
                if isinstance(error, EvercredsConfigurationError) or not is_of_token(name):
                    raise
            if not (may_look_anew and library.begin_anew(generation, token.place)):
                break
        raise token_problem(token, name)

    def enter(self) -> bool:
        """Begin a use of the library, as before; tell whether the login is good still."""
        if self.library.enter() == self._generation:
            return True
        self.library.leave()
        return False

    def is_good(self) -> bool:
        """Tell whether the library has not been begun anew since."""
        return self.library.generation == self._generation


def _made(token: Token, make: Callable[[Any], Any], library: Library) -> Any:
    with one_login(token):
        try:
            context = make(library.handle)
        except Exception as error:
            name = error_name(error)
            if is_pin_refusal(token, name):
                raise remember_refusal(token, name) from None
            raise
    library.serves(token.place)
    return context


def is_of_token(name: str) -> bool:
    """Tell whether an error of awscrt's, by its name, is a token's."""
    return "_PKCS11_" in name


def token_problem(token: Token, name: str) -> EvercredsConfigurationError:
    """Make the error for a token that is not there, or does not let its key be used.

    Who takes a token out may put it in again.
    """
    if name.endswith("_KEY_NOT_FOUND"):
        problem = f"{token.name} has no key that private_key_label may mean, or more than one"
    elif loaded_library(token.library).has_served(token.place):
        problem = f"{token.name} is not there any more, or does not let its key be used"
    else:
        # A label that was never found may be the PIN, given in the wrong place.
        problem = (
            "token_label and slot_id may match no token, several tokens, or a token that does "
            "not allow the use of its key"
        )
    return EvercredsConfigurationError(f"pkcs11: {problem} ({name})", param="pkcs11")

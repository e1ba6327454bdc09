"""A private OpenLDAP server: a few people and groups, in the clear, by StartTLS and by LDAPS."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ldap
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.support.services import free_port, need, running, short_folder

BASE = "dc=example,dc=org"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{BASE}", "directory-secret"
PASSWORD = "ldap horse battery"
SCHEMAS = Path("/etc/ldap/schema")
CONF = """
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
TLSVerifyClient never
pidfile {folder}/slapd.pid
database mdb
suffix "{base}"
rootdn "{admin}"
rootpw {password}
directory {folder}/db
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
"""


@dataclass
class Slapd:
    """A running server: where it is, who is in it."""

    port: int
    tls_port: int
    ca_file: str

    @property
    def plain(self) -> str:
        """Return its address without TLS; StartTLS may follow."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls(self) -> str:
        """Return its address with TLS."""
        return f"ldaps://127.0.0.1:{self.tls_port}"

    def entry(self, **changed: object) -> dict[str, object]:
        """Return an entry of THINX_LDAP_DIRECTORIES."""
        return {
            "id": "corp",
            "name": "Corp",
            "uri": self.plain,
            "bind_dn": ADMIN,
            "bind_password": ADMIN_PASSWORD,
            "base": f"ou=people,{BASE}",
            "filter": "(|(uid=%(user)s)(mail=%(user)s))",
            "group_base": f"ou=groups,{BASE}",
            **changed,
        }

    @contextlib.contextmanager
    def admin(self) -> Iterator[ldap.ldapobject.LDAPObject]:
        """Write to it."""
        connection = ldap.initialize(self.plain)
        connection.simple_bind_s(ADMIN, ADMIN_PASSWORD)
        try:
            yield connection
        finally:
            connection.unbind_s()

    def set_members(self, group: str, *names: str) -> None:
        """Have a group hold exactly these people; an empty one holds the admin."""
        members = [person(name).encode() for name in names] or [ADMIN.encode()]
        with self.admin() as connection:
            connection.modify_s(group_dn(group), [(ldap.MOD_REPLACE, "member", members)])

    def set_attribute(self, name: str, attribute: str, *values: str) -> None:
        """Change one attribute of a person."""
        changed = [(ldap.MOD_REPLACE, attribute, [value.encode() for value in values])]
        with self.admin() as connection:
            connection.modify_s(person(name), changed)


def person(name: str) -> str:
    """Return the name of a person's entry."""
    return f"uid={name},ou=people,{BASE}"


def group_dn(name: str) -> str:
    """Return the name of a group's entry."""
    return f"cn={name},ou=groups,{BASE}"


def _ldif(people: tuple[str, ...]) -> str:
    parts = [
        f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example"
    ]
    parts += [
        f"dn: ou={unit},{BASE}\nobjectClass: organizationalUnit\nou: {unit}"
        for unit in ("people", "groups")
    ]
    parts += [
        f"dn: {person(name)}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name.title()} Person\n"
        f"givenName: {name.title()}\nsn: Person\nmail: {name}@example.org\n"
        f"userPassword: {PASSWORD}"
        for name in people
    ]
    parts += [
        f"dn: {group_dn(name)}\nobjectClass: groupOfNames\ncn: {name}\nmember: {ADMIN}"
        for name in ("operators", "admins", "staff")
    ]
    return "\n\n".join(parts) + "\n"


def _pem_key(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _certificates(folder: Path) -> None:
    """Write a CA of our own, and a certificate for 127.0.0.1 by it."""
    now = dt.datetime.now(tz=dt.UTC)
    keys = {who: rsa.generate_private_key(65537, 2048) for who in ("ca", "server")}
    names = {
        who: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        for who, text in (("ca", "Test CA"), ("server", "127.0.0.1"))
    }
    for who in ("ca", "server"):
        extension: x509.ExtensionType = x509.BasicConstraints(ca=who == "ca", path_length=None)
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[who])
            .issuer_name(names["ca"])
            .public_key(keys[who].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=30))
            .add_extension(extension, critical=True)
        )
        if who == "server":
            alternative = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            builder = builder.add_extension(
                x509.SubjectAlternativeName([alternative]), critical=False
            )
        made = builder.sign(keys["ca"], hashes.SHA256())
        (folder / f"{who}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        (folder / f"{who}.key").write_bytes(_pem_key(keys[who]))


def _answers(uri: str) -> bool:
    connection = ldap.initialize(uri)
    try:
        connection.simple_bind_s(ADMIN, ADMIN_PASSWORD)
    except ldap.LDAPError:
        return False
    connection.unbind_s()
    return True


@contextlib.contextmanager
def slapd(*people: str) -> Iterator[Slapd]:
    """Run a server with these people for as long as the block lasts."""
    with short_folder("slapd-") as folder:
        (folder / "db").mkdir()
        _certificates(folder)
        conf = folder / "slapd.conf"
        facts = {"schemas": SCHEMAS, "folder": folder, "base": BASE}
        conf.write_text(CONF.format(**facts, admin=ADMIN, password=ADMIN_PASSWORD))
        (folder / "people.ldif").write_text(_ldif(people))
        subprocess.run(
            [
                need("slapadd", "slapd", "/usr/sbin/slapadd"),
                "-f",
                conf,
                "-l",
                folder / "people.ldif",
            ],
            check=True,
            capture_output=True,
        )
        server = Slapd(free_port(), free_port(), f"{folder / 'ca.pem'}")
        argv = [
            need("slapd", "slapd", "/usr/sbin/slapd"),
            *("-f", f"{conf}", "-h", f"{server.plain} {server.tls}", "-d", "0"),
        ]
        with running(argv, ready=lambda: _answers(server.plain), log=folder / "log"):
            yield server

"""Certificates for tests, by openssl."""
import subprocess


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def certify(folder, name, days, names, issuer="ca"):
    """A key and a certificate for these names, valid for so many days from now (or before)."""
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-subj",
            f"/CN={name}", "-out", f"{name}.csr")
    with open(f"{folder}/{name}.ext", "w") as file:
        file.write(f"subjectAltName={names}\n")
    signed = ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial"]
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signed, "-days", str(days), "-extfile",
            f"{name}.ext", "-out", f"{name}.pem")


def authority(folder, name):
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key",
            "-subj", f"/CN={name}", "-days", "30", "-out", f"{name}.pem")

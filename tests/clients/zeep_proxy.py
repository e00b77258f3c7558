"""A SOAP toolkit as its user has it: only its address and two headers lead it to Penstock instead of the vendor.

Arguments: the WSDL, the address, X-Integration-Id, operation, its arguments as JSON.
"""
import json
import sys

import requests
from zeep import Client, Transport
from zeep.exceptions import Fault
from zeep.helpers import serialize_object


def main():
    wsdl, address, integration, operation, arguments = sys.argv[1:]
    session = requests.Session()
    session.trust_env = False
    session.headers.update({
        "Authorization": "Bearer dev-key",
        "X-Integration-Id": integration,
    })
    client = Client(wsdl, transport=Transport(session=session))
    service = client.create_service(next(iter(client.wsdl.bindings)), address)
    try:
        reply = getattr(service, operation)(**json.loads(arguments))
        print(json.dumps({"reply": serialize_object(reply, dict)}, default=str))
    except Fault as fault:
        print(json.dumps({"fault": fault.message}))


main()

"""A real SOAP toolkit's side of a Workday call: `make` prints the Body of its message, `read` parses an answer."""
import sys

from lxml import etree
from zeep import Client, Settings

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


class Answer:
    """What zeep's binding wants to know of an HTTP answer."""

    status_code = 200
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    encoding = "utf-8"

    def __init__(self, content):
        self.content = content


def main():
    mode, wsdl = sys.argv[1:3]
    client = Client(wsdl, settings=Settings(strict=True, xml_huge_tree=True))
    if mode == "make":
        envelope = client.create_message(client.service, "Get_Workers", Response_Filter={"Page": 1, "Count": 2})
        body = envelope.find(f"{{{SOAP}}}Body")
        sys.stdout.write(etree.tostring(body[0], encoding="unicode"))
        return
    operation = client.service._binding.get("Get_Workers")
    reply = client.service._binding.process_reply(client, operation, Answer(sys.stdin.buffer.read()))
    print(reply.Response_Results.Page_Results, reply.Response_Data.Worker[0].Worker_Data.Worker_ID)


main()

# A Modbus TCP server of another make (pymodbus 3.0) for the tests of the Modbus driver.
# The first line of stdin says what it holds, as JSON: {"unit": {"holding": [[address, type, order, value], ...], "coil": [[address, on], ...]}}.
# It answers with {"port": n}. Every further line [unit, table, address, count] is answered with what the store holds there.
import asyncio, json, sys
from pymodbus.constants import Endian
from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.payload import BinaryPayloadBuilder
from pymodbus.server.async_io import ModbusTcpServer

FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
ADDERS = {"int16": "16bit_int", "uint16": "16bit_uint", "int32": "32bit_int", "uint32": "32bit_uint", "int64": "64bit_int",
          "uint64": "64bit_uint", "float32": "32bit_float", "float64": "64bit_float", "string": "string"}


def registers(kind, order, value):
    builder = BinaryPayloadBuilder(byteorder=Endian.Big if order in ("ABCD", "CDAB") else Endian.Little,
                                   wordorder=Endian.Big if order in ("ABCD", "BADC") else Endian.Little)
    getattr(builder, "add_" + ADDERS[kind])(int(value) if "int" in kind else value)
    return builder.to_registers()


def block(entries, is_bits):
    values = {}
    for address, *entry in entries:
        for index, value in enumerate([bool(entry[0])] if is_bits else registers(*entry)):
            values[address + index] = value
    return ModbusSparseDataBlock(values or {65535: 0})


def unit(tables):
    blocks = {name: block(tables.get(name, []), name in ("coil", "discrete")) for name in FUNCTIONS}
    return ModbusSlaveContext(co=blocks["coil"], di=blocks["discrete"], hr=blocks["holding"], ir=blocks["input"], zero_mode=True)


async def main():
    units = {int(number): unit(tables) for number, tables in json.loads(sys.stdin.readline()).items()}
    server = ModbusTcpServer(ModbusServerContext(slaves=units, single=False), address=("127.0.0.1", 0), ignore_missing_slaves=True)
    serving = asyncio.ensure_future(server.serve_forever())
    await server.serving
    print(json.dumps({"port": server.server.sockets[0].getsockname()[1]}), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        number, table, address, count = json.loads(line)
        print(json.dumps(units[number].getValues(FUNCTIONS[table], address, count)), flush=True)
    serving.cancel()


asyncio.run(main())

"""The contract with the runtime as files: JSON Schemas of all that passes through Redis.

They are generated from the definitions by which documents are checked and stored, and written to
`cachesync/contract/`, where whoever builds a reader finds them without running anything.
"""

from cachesync.services.contract.files import contract_differences, contract_write
from cachesync.services.contract.schemas import SCHEMAS

__all__ = ["SCHEMAS", "contract_differences", "contract_write"]

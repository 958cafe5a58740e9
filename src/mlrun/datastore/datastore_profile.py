"""The name under which MLRun's programs import profiles."""

from __future__ import annotations

from mlrun.datastore.profile_registry import DatastoreProfile2Json as DatastoreProfile2Json
from mlrun.datastore.profile_registry import (
    TemporaryClientDatastoreProfiles as TemporaryClientDatastoreProfiles,
)
from mlrun.datastore.profile_registry import datastore_profile_read as datastore_profile_read
from mlrun.datastore.profile_registry import (
    register_temporary_client_datastore_profile as register_temporary_client_datastore_profile,
)
from mlrun.datastore.profile_registry import (
    remove_temporary_client_datastore_profile as remove_temporary_client_datastore_profile,
)
from mlrun.datastore.profiles import ConfigProfile as ConfigProfile
from mlrun.datastore.profiles import DatastoreProfile as DatastoreProfile
from mlrun.datastore.profiles import DatastoreProfileAzureBlob as DatastoreProfileAzureBlob
from mlrun.datastore.profiles import DatastoreProfileBasic as DatastoreProfileBasic
from mlrun.datastore.profiles import DatastoreProfileDBFS as DatastoreProfileDBFS
from mlrun.datastore.profiles import DatastoreProfileGCS as DatastoreProfileGCS
from mlrun.datastore.profiles import DatastoreProfileHdfs as DatastoreProfileHdfs
from mlrun.datastore.profiles import DatastoreProfileRedis as DatastoreProfileRedis
from mlrun.datastore.profiles import DatastoreProfileS3 as DatastoreProfileS3
from mlrun.datastore.profiles import DatastoreProfileV3io as DatastoreProfileV3io
from mlrun.datastore.streams import DatastoreProfileKafkaStream as DatastoreProfileKafkaStream
from mlrun.datastore.streams import DatastoreProfilePostgreSQL as DatastoreProfilePostgreSQL
from mlrun.datastore.streams import DatastoreProfileRabbitMQ as DatastoreProfileRabbitMQ
from mlrun.datastore.streams import HuggingFaceProfile as HuggingFaceProfile
from mlrun.datastore.streams import OpenAIProfile as OpenAIProfile

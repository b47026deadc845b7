"""Everything is read from settings.ini, as in every nbdev 2 project."""
from configparser import ConfigParser

from setuptools import find_packages, setup

parser = ConfigParser(delimiters=["="])
parser.read("settings.ini", encoding="utf-8")
settings = parser["DEFAULT"]

setup(
    name=settings["lib_name"],
    version=settings["version"],
    description=settings["description"],
    long_description=open("README.md", encoding="utf-8").read(),
    long_description_content_type="text/markdown",
    author=settings["author"],
    author_email=settings["author_email"],
    url=settings["git_url"],
    license="MIT",
    classifiers=["Intended Audience :: Education", "Programming Language :: Python :: 3", "Topic :: Scientific/Engineering :: Artificial Intelligence"],
    entry_points={"nbdev": [f"{settings['lib_name']}={settings['lib_name']}._modidx:d"]},
    keywords=settings["keywords"],
    python_requires=">=" + settings["min_python"],
    packages=find_packages(include=[settings["lib_name"]]),
    package_data={settings["lib_name"]: ["assets/*", "assets/*/*"]},
    install_requires=settings["requirements"].split(),
    extras_require={
        "dev": settings["dev_requirements"].split(),
        "trackers": settings["tracker_requirements"].split(),
        "export": settings["export_requirements"].split(),
        "site": settings["site_requirements"].split(),
    },
    zip_safe=False,
)

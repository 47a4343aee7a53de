-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: racktables
-- ------------------------------------------------------
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!50503 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS `Attribute`;
CREATE TABLE `Attribute` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `type` enum('string','uint','float','dict','date') COLLATE utf8_unicode_ci DEFAULT NULL,
  `name` char(64) COLLATE utf8_unicode_ci DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `name` (`name`)
) ENGINE=InnoDB AUTO_INCREMENT=10000 DEFAULT CHARSET=utf8mb3 COLLATE=utf8_unicode_ci;
LOCK TABLES `Attribute` WRITE;
/*!40000 ALTER TABLE `Attribute` DISABLE KEYS */;
INSERT INTO `Attribute` VALUES (1,'string','OEM S/N 1'),(2,'dict','HW type'),(3,'string','FQDN'),(17,'uint','DRAM, MB'),(22,'date','HW warranty expiration'),(27,'uint','Height, units');
/*!40000 ALTER TABLE `Attribute` ENABLE KEYS */;
UNLOCK TABLES;
CREATE TABLE `AttributeValue` (
  `object_id` int unsigned NOT NULL,
  `object_tid` int unsigned NOT NULL DEFAULT '0',
  `attr_id` int unsigned NOT NULL,
  `string_value` char(255) COLLATE utf8_unicode_ci DEFAULT NULL,
  `uint_value` int unsigned DEFAULT NULL,
  `float_value` float DEFAULT NULL,
  PRIMARY KEY (`object_id`,`attr_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8_unicode_ci;
INSERT INTO `AttributeValue` VALUES (10,1560,27,NULL,42,NULL),(20,4,1,'SN-001',NULL,NULL),(20,4,2,NULL,5000,NULL),(20,4,3,'db01.example.jp',NULL,NULL),(20,4,22,NULL,1601510400,NULL),(20,4,17,NULL,65536,NULL),(21,8,1,'SN-001',NULL,NULL);
CREATE TABLE `Dictionary` (
  `chapter_id` int unsigned NOT NULL,
  `dict_key` int unsigned NOT NULL AUTO_INCREMENT,
  `dict_sticky` enum('yes','no') COLLATE utf8_unicode_ci DEFAULT 'no',
  `dict_value` char(255) COLLATE utf8_unicode_ci DEFAULT NULL,
  PRIMARY KEY (`dict_key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8_unicode_ci;
INSERT INTO `Dictionary` VALUES (1,4,'yes','Server'),(1,8,'yes','Network switch'),(1,9,'yes','PatchPanel'),(1,10,'yes','CableOrganizer'),(1,1504,'yes','VM'),(1,1560,'yes','Rack'),(1,1561,'yes','Row'),(1,1562,'yes','Location'),(11,5000,'no','[[Fujitsu%GPASS%RX2540 M5 | https://www.example.jp/?a=1&b=\'x\']]');
CREATE TABLE `EntityLink` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `parent_entity_type` enum('location','object','rack','row') NOT NULL,
  `parent_entity_id` int unsigned NOT NULL,
  `child_entity_type` enum('location','object','rack','row') NOT NULL,
  `child_entity_id` int unsigned NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO `EntityLink` VALUES (1,'location',1,'location',2),(2,'location',2,'row',5),(3,'row',5,'rack',10),(4,'object',20,'object',23),(5,'rack',10,'object',24);
CREATE TABLE `IPv4Allocation` (
  `object_id` int unsigned NOT NULL DEFAULT '0',
  `ip` int unsigned NOT NULL DEFAULT '0',
  `name` char(255) NOT NULL DEFAULT '',
  `type` enum('regular','shared','virtual','router','point2point','sharedrouter') NOT NULL DEFAULT 'regular',
  PRIMARY KEY (`object_id`,`ip`)
) ENGINE=InnoDB;
INSERT INTO `IPv4Allocation` VALUES (20,3232235786,'eth0','regular'),(21,3232235786,'','shared');
CREATE TABLE `IPv4Network` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `ip` int unsigned NOT NULL DEFAULT '0',
  `mask` int unsigned NOT NULL DEFAULT '0',
  `name` char(255) DEFAULT NULL,
  `comment` text,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO `IPv4Network` VALUES (1,3232235776,24,'サーバ',NULL);
CREATE TABLE `IPv6Network` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `ip` binary(16) NOT NULL,
  `mask` int unsigned NOT NULL,
  `last_ip` binary(16) NOT NULL,
  `name` char(255) DEFAULT NULL,
  `comment` text,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO `IPv6Network` VALUES (1,0x20010DB8000000000000000000000000,32,0x20010DB8000000000000000000000000,NULL,NULL),(2,0xFD000000000000000000000000000000,8,0xFDFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF,'private',NULL);
CREATE TABLE `Link` (
  `porta` int unsigned NOT NULL DEFAULT '0',
  `portb` int unsigned NOT NULL DEFAULT '0',
  `cable` char(64) DEFAULT NULL,
  PRIMARY KEY (`porta`,`portb`)
) ENGINE=InnoDB;
INSERT INTO `Link` VALUES (100,101,'K-1'),(102,103,NULL);
CREATE TABLE `Object` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `name` char(255) COLLATE utf8_unicode_ci DEFAULT NULL,
  `label` char(255) COLLATE utf8_unicode_ci DEFAULT NULL,
  `objtype_id` int unsigned NOT NULL DEFAULT '1',
  `asset_no` char(64) COLLATE utf8_unicode_ci DEFAULT NULL,
  `has_problems` enum('yes','no') COLLATE utf8_unicode_ci NOT NULL DEFAULT 'no',
  `comment` text COLLATE utf8_unicode_ci,
  PRIMARY KEY (`id`),
  CONSTRAINT `x` CHECK ((`name` <> _utf8mb4';'))
) ENGINE=InnoDB AUTO_INCREMENT=30 DEFAULT CHARSET=utf8mb3 COLLATE=utf8_unicode_ci;
INSERT INTO `Object` VALUES (1,'東京',NULL,1562,NULL,'no',NULL),(2,'3F',NULL,1562,NULL,'no',NULL),(5,'A列',NULL,1561,NULL,'no',NULL),(10,'A-01',NULL,1560,NULL,'no',NULL),(20,'DB server 1','db01',4,'A-100','yes','it''s old;\nreplace (soon)'),(21,'sw01',NULL,8,NULL,'no',NULL),(22,NULL,NULL,9,NULL,'no',NULL),(23,'vm01',NULL,1504,NULL,'no',NULL),(24,'sw02',NULL,8,NULL,'no',NULL),(25,NULL,NULL,10,NULL,'no',NULL);
CREATE TABLE `Port` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `object_id` int unsigned NOT NULL DEFAULT '0',
  `name` char(255) NOT NULL DEFAULT '',
  `iif_id` int unsigned NOT NULL,
  `type` int unsigned NOT NULL DEFAULT '0',
  `l2address` char(64) DEFAULT NULL,
  `reservation_comment` char(255) DEFAULT NULL,
  `label` char(255) DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO `Port` VALUES (100,20,'eth0',1,24,'00163E000001',NULL,NULL),(101,21,'gi0/1',1,24,NULL,NULL,NULL),(102,22,'1',1,24,NULL,NULL,NULL),(103,25,'x',1,24,NULL,NULL,NULL),(104,20,'psu1',1,16,NULL,NULL,NULL);
CREATE TABLE `PortOuterInterface` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `oif_name` char(48) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO `PortOuterInterface` VALUES (16,'AC-in'),(24,'1000Base-T');
CREATE TABLE `RackSpace` (
  `rack_id` int unsigned NOT NULL DEFAULT '0',
  `unit_no` int unsigned NOT NULL DEFAULT '0',
  `atom` enum('front','interior','rear') NOT NULL DEFAULT 'interior',
  `state` enum('A','U','T') NOT NULL DEFAULT 'A',
  `object_id` int unsigned DEFAULT NULL,
  PRIMARY KEY (`rack_id`,`unit_no`,`atom`)
) ENGINE=InnoDB;
INSERT INTO `RackSpace` VALUES (10,3,'front','T',20),(10,3,'interior','T',20),(10,4,'front','T',20),(10,7,'rear','T',21),(10,40,'front','U',NULL);
CREATE TABLE `VLANDescription` (
  `domain_id` int unsigned NOT NULL,
  `vlan_id` int unsigned NOT NULL DEFAULT '0',
  `vlan_type` enum('ondemand','compulsory','alien') NOT NULL DEFAULT 'ondemand',
  `vlan_descr` char(255) DEFAULT NULL,
  PRIMARY KEY (`domain_id`,`vlan_id`)
) ENGINE=InnoDB;
INSERT INTO `VLANDescription` VALUES (1,10,'ondemand','サーバ'),(1,20,'ondemand',NULL);
CREATE TABLE `VLANDomain` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `group_id` int unsigned DEFAULT NULL,
  `description` char(255) DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO `VLANDomain` VALUES (1,NULL,'東京');
CREATE TABLE `VLANIPv4` (
  `domain_id` int unsigned NOT NULL,
  `vlan_id` int unsigned NOT NULL,
  `ipv4net_id` int unsigned NOT NULL
) ENGINE=InnoDB;
INSERT INTO `VLANIPv4` VALUES (1,10,1);
CREATE TABLE `VLANSwitch` (
  `object_id` int unsigned NOT NULL,
  `domain_id` int unsigned NOT NULL,
  `template_id` int unsigned NOT NULL,
  PRIMARY KEY (`object_id`)
) ENGINE=InnoDB;
INSERT INTO `VLANSwitch` VALUES (21,1,1);
CREATE TABLE `PortAllowedVLAN` (
  `object_id` int unsigned NOT NULL,
  `port_name` char(255) NOT NULL,
  `vlan_id` int unsigned NOT NULL DEFAULT '0'
) ENGINE=InnoDB;
INSERT INTO `PortAllowedVLAN` VALUES (21,'gi0/1',10),(21,'gi0/1',20);
CREATE TABLE `PortNativeVLAN` (
  `object_id` int unsigned NOT NULL,
  `port_name` char(255) NOT NULL,
  `vlan_id` int unsigned NOT NULL DEFAULT '0'
) ENGINE=InnoDB;
INSERT INTO `PortNativeVLAN` VALUES (21,'gi0/1',10);
CREATE TABLE `IPv4VS` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `vip` varbinary(16) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
INSERT INTO `IPv4VS` VALUES (1,0xC0A8000A);
-- Dump completed on 2026-04-01  9:00:00
